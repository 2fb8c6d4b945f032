import type { EventOf } from '../../schemas/events/contract.ts';
import type { TestKitRegistered } from '../../schemas/events/homekit.v1.ts';
import type { ResultReleased } from '../../schemas/events/lab-result.v1.ts';
import { takeCustomerTurn } from '../../shared/db/accounts.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { once } from '../../shared/db/inbox.ts';
import { lockKitOrder, saveKitRegistration, saveKitResult } from '../../shared/db/orders.ts';
import { enqueue, type OutgoingEvent } from '../../shared/db/outbox.ts';
import { patientInbox, patientOutbox } from '../../shared/db/schema/account.ts';
import type { EventContext, EventHandler } from '../../shared/runtime/function.ts';
import { advance } from './advance.ts';
import { CONSUMER } from './apply.ts';
import type { Deps } from './deps.ts';

const actor = { actedBy: CONSUMER, actedAs: 'system' } as const;

/** A kit that was registered moves its order on, at once or, where that is not paid yet, when it is. */
export function registerKit(deps: Deps): EventHandler<typeof TestKitRegistered> {
  return following(deps, async (tx, { data, time }, { traceparent, log }) => {
    const { patientId, testKitId, orderId } = data;
    const registeredAt = Temporal.Instant.from(time);
    await saveKitRegistration(tx, { testKitId, patientId, orderId: orderId ?? null, registeredAt });
    const order = await lockKitOrder(tx, { patientId, testKitId, orderId });
    if (!order || order.status === 'registered' || order.status === 'resulted') return [];
    if (order.status === 'placed' || order.status === 'cancelled') {
      log.warn({ orderId: order.id, status: order.status }, 'a kit was registered of an order that was not delivered');
      return [];
    }
    const step = { to: 'registered', known: { testKitId }, actor, now: deps.now(), traceparent } as const;
    return (await advance(tx, order, step)).events;
  });
}

/** The result of a kit ends its order, at once or, where it comes first, when the kit is known to be registered. */
export function resultKit(deps: Deps): EventHandler<typeof ResultReleased> {
  return following(deps, async (tx, { data }, { traceparent }) => {
    const { patientId, testKitId, reportId } = data;
    if (testKitId === undefined) return [];
    await saveKitResult(tx, { testKitId, patientId, reportId, releasedAt: Temporal.Instant.from(data.releasedAt) });
    const order = await lockKitOrder(tx, { patientId, testKitId });
    if (order?.status !== 'registered') return [];
    const step = { to: 'resulted', known: { reportId }, actor, now: deps.now(), traceparent } as const;
    return (await advance(tx, order, step)).events;
  });
}

/** News of others that moves no order. */
export async function passNews(): Promise<void> {}

type KitEvent = EventOf<typeof TestKitRegistered> | EventOf<typeof ResultReleased>;

function following<Event extends KitEvent>(
  { db, publish }: Deps,
  effect: (tx: Queryable, event: Event, context: EventContext) => Promise<readonly OutgoingEvent[]>,
): (event: Event, context: EventContext) => Promise<void> {
  return async (event, context) => {
    const told = await once(db, patientInbox, CONSUMER, event, async (tx) => {
      const isErased = await takeCustomerTurn(tx, event.data.patientId);
      const events = isErased ? [] : await effect(tx, event, context);
      await enqueue(tx, patientOutbox, events);
      return events;
    });
    if (told) publish(told.map(({ partitionKey }) => partitionKey));
  };
}
