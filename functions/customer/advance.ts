import type { Queryable } from '../../shared/db/client.ts';
import { orderMoved } from '../../shared/db/customer-events.ts';
import { findKitResult, saveOrder } from '../../shared/db/orders.ts';
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
 * Moves a locked order on, and once more where the result of its kit came before it was registered. Throws `conflict` where it
 * cannot go there, or its test kit is another order's.
 */
export async function advance(tx: Queryable, former: OrderRow, step: Step): Promise<Change<OrderRow>> {
  const { order, event } = await move(tx, former, step);
  const result = order.status === 'registered' && order.testKitId !== null ? await resultOf(tx, order) : undefined;
  if (!result) return { result: order, events: [event] };
  const next = await move(tx, order, { ...step, to: 'resulted', known: { reportId: result.reportId } });
  return { result: next.order, events: [event, next.event] };
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

function resultOf(tx: Queryable, { patientId, testKitId }: OrderRow) {
  return testKitId === null ? undefined : findKitResult(tx, { patientId, testKitId });
}

function given(known: NonNullable<Step['known']>): Partial<Record<Known, string>> {
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}
