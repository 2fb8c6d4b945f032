import type { Queryable } from '../../shared/db/client.ts';
import { orderMoved } from '../../shared/db/customer-events.ts';
import { findKitRegistration, findKitResult, saveOrder } from '../../shared/db/orders.ts';
import type { OutgoingEvent } from '../../shared/db/outbox.ts';
import type { OrderRow } from '../../shared/db/schema/account.ts';
import { moveOrder, type OrderStatus } from '../../shared/domain/order.ts';
import type { Actor } from './access.ts';
import type { Change } from './change.ts';

export type Step = {
  readonly to: OrderStatus;
  /** What became known of the order with it; what is left out stays. */
  readonly known?: { readonly [Member in Known]?: string | undefined };
  readonly actor: Actor;
  readonly now: Temporal.Instant;
  readonly traceparent: string;
};

type Known = 'paymentReference' | 'shipmentReference' | 'testKitId' | 'reportId';

/**
 * Moves a locked order on, and further where news of its kit came before their turn. Throws `conflict` where it cannot go there,
 * or its test kit or payment is another order's.
 */
export async function advance(tx: Queryable, former: OrderRow, step: Step): Promise<Change<OrderRow>> {
  const { order, event } = await move(tx, former, step);
  const { result, events } = await goOn(tx, order, step);
  return { result, events: [event, ...events] };
}

/** Moves a locked order as far as the news of its kit goes that came before their turn. */
export async function goOn(
  tx: Queryable,
  order: OrderRow,
  step: Omit<Step, 'to' | 'known'>,
): Promise<Change<OrderRow>> {
  const next = await followingStep(tx, order);
  return next ? advance(tx, order, { ...step, ...next }) : { result: order, events: [] };
}

/** Where what is known of its kit takes an order. */
async function followingStep(tx: Queryable, order: OrderRow): Promise<Pick<Step, 'to' | 'known'> | undefined> {
  const { kind, status, patientId, testKitId } = order;
  if (kind === 'test-kit' && (status === 'paid' || status === 'shipped')) {
    const registration = await findKitRegistration(tx, order);
    return registration && { to: 'registered', known: { testKitId: registration.testKitId } };
  }
  if (status !== 'registered' || testKitId === null) return undefined;
  const result = await findKitResult(tx, { patientId, testKitId });
  return result && { to: 'resulted', known: { reportId: result.reportId } };
}

async function move(
  tx: Queryable,
  former: OrderRow,
  { to, known = {}, actor, now, traceparent }: Step,
): Promise<{ order: OrderRow; event: OutgoingEvent }> {
  const order = { ...moveOrder(former, to, actor.actedAs), ...given(known), ...actor, changedAt: now };
  await saveOrder(tx, order);
  return { order, event: orderMoved(order, traceparent) };
}

function given(known: NonNullable<Step['known']>): Partial<Record<Known, string>> {
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}
