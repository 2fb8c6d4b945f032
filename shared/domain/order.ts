import { AppError } from '../errors.ts';
import type { Role } from './caller.ts';

export type OrderKind = 'test-kit' | 'laboratory-panel';
export type OrderStatus = 'placed' | 'paid' | 'shipped' | 'registered' | 'resulted' | 'cancelled';

export type Order = { readonly kind: OrderKind; readonly status: OrderStatus; readonly version: number };

/** Where an order may go from where it is. A kit that is registered was on its way, whoever noted that; a panel is not sent. */
const NEXT: Readonly<Record<OrderKind, Readonly<Record<OrderStatus, readonly OrderStatus[]>>>> = {
  'test-kit': {
    placed: ['paid', 'cancelled'],
    paid: ['shipped', 'registered', 'cancelled'],
    shipped: ['registered', 'cancelled'],
    registered: ['resulted'],
    resulted: [],
    cancelled: [],
  },
  'laboratory-panel': {
    placed: ['paid', 'cancelled'],
    paid: ['registered', 'cancelled'],
    shipped: [],
    registered: ['resulted'],
    resulted: [],
    cancelled: [],
  },
};

/**
 * The order one step on. Throws `conflict` with what would be possible. Customers cancel until it is shipped; later only who
 * can see to its coming back.
 */
export function moveOrder<Moved extends Order>(order: Moved, to: OrderStatus, actedAs: Role): Moved {
  const possible = nextOf(order, actedAs);
  if (!possible.includes(to)) {
    throw new AppError('conflict', 'The order is not where this can be done.', { orderStatus: order.status, possible });
  }
  return { ...order, status: to, version: order.version + 1 };
}

/** The order of a kit that is of no use: paid, and another kit is owed. Undefined where it waits for no result. */
export function reopenOrder<Reopened extends Order>(order: Reopened): Reopened | undefined {
  if (order.kind !== 'test-kit' || order.status !== 'registered') return undefined;
  return { ...order, status: 'paid', version: order.version + 1 };
}

function nextOf({ kind, status }: Order, actedAs: Role): readonly OrderStatus[] {
  const next = NEXT[kind][status];
  return actedAs === 'patient' && status === 'shipped' ? next.filter((one) => one !== 'cancelled') : next;
}
