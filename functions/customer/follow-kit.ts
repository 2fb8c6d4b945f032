import type { EventOf } from '../../schemas/events/contract.ts';
import type { TestKitRegistered, TestKitRejected } from '../../schemas/events/homekit.v1.ts';
import type { ResultReleased } from '../../schemas/events/lab-result.v1.ts';
import { takeCustomerTurn } from '../../shared/db/accounts.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { orderReopened } from '../../shared/db/customer-events.ts';
import { once } from '../../shared/db/inbox.ts';
import {
  lockKitOrder,
  rejectKitRegistration,
  saveKitRegistration,
  saveKitResult,
  saveOrder,
} from '../../shared/db/orders.ts';
import { enqueue, type OutgoingEvent } from '../../shared/db/outbox.ts';
import { patientInbox, patientOutbox } from '../../shared/db/schema/account.ts';
import { reopenOrder } from '../../shared/domain/order.ts';
import type { EventContext, EventHandler } from '../../shared/runtime/function.ts';
import { advance, goOn } from './advance.ts';
import { CONSUMER } from './apply.ts';
import type { Deps } from './deps.ts';
import { rememberConsent } from './write-consent.ts';

const actor = { actedBy: CONSUMER, actedAs: 'system' } as const;

/**
 * A kit that was registered moves its order on, at once or, where that is not paid yet, when it is. What its user consented
 * to goes into the ledger.
 */
export function registerKit(deps: Deps): EventHandler<typeof TestKitRegistered> {
  return following(deps, async (tx, { data, time }, context) => {
    const { patientId, testKitId, orderId = null } = data;
    const consented = await rememberTestConsent(tx, data, context);
    const registration = { testKitId, patientId, orderId, registeredAt: Temporal.Instant.from(time) };
    const counts = await saveKitRegistration(tx, registration);
    return counts ? [...consented, ...(await moveOrderOf(deps, tx, data, context))] : consented;
  });
}

type RegisteredKit = EventOf<typeof TestKitRegistered>['data'];

async function rememberTestConsent(
  tx: Queryable,
  { patientId, country, testKitId, consent }: RegisteredKit,
  { traceparent }: EventContext,
): Promise<OutgoingEvent[]> {
  if (consent === undefined) return [];
  const given = { decision: 'given', consentVersion: consent.consentVersion } as const;
  const occurredAt = Temporal.Instant.from(consent.givenAt);
  return rememberConsent(tx, { patientId, country, purpose: 'test-kit', ...given, occurredAt }, testKitId, traceparent);
}

async function moveOrderOf(
  deps: Deps,
  tx: Queryable,
  { patientId, testKitId, orderId }: RegisteredKit,
  { traceparent, log }: EventContext,
): Promise<readonly OutgoingEvent[]> {
  const order = await lockKitOrder(tx, { patientId, testKitId, orderId });
  if (!order || order.status === 'registered' || order.status === 'resulted') return [];
  if (order.status === 'placed' || order.status === 'cancelled') {
    log.warn({ orderId: order.id, status: order.status }, 'a kit was registered of an order that was not delivered');
    return [];
  }
  const step = { to: 'registered', known: { testKitId }, actor, now: deps.now(), traceparent } as const;
  return (await advance(tx, order, step)).events;
}

/** The order of a registered kit that is of no use lets go of it: it is paid, and another kit is owed. */
export function letGoOfKit(deps: Deps): EventHandler<typeof TestKitRejected> {
  return following(deps, async (tx, { data, time }, { traceparent }) => {
    const { patientId, testKitId } = data;
    if (!(await rejectKitRegistration(tx, data, Temporal.Instant.from(time)))) return [];
    const order = await lockKitOrder(tx, { patientId, testKitId });
    const reopened = order && reopenOrder(order);
    if (!reopened) return [];
    const now = deps.now();
    const changed = { ...reopened, ...actor, testKitId: null, shipmentReference: null, changedAt: now };
    await saveOrder(tx, changed);
    const { events } = await goOn(tx, changed, { actor, now, traceparent });
    return [orderReopened(changed, traceparent), ...events];
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

type KitEvent = EventOf<typeof TestKitRegistered | typeof TestKitRejected | typeof ResultReleased>;

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
