import { bookingCancelled } from '../../shared/db/booking-events.ts';
import { type BookingId, lockBooking, saveBooking } from '../../shared/db/bookings.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { enqueue, type OutgoingEvent } from '../../shared/db/outbox.ts';
import { type BookingRow, bookingOutbox } from '../../shared/db/schema/booking.ts';
import { type CutOffFacts, planCancel, refusal } from '../../shared/domain/booking.ts';
import type { RequestContext } from '../../shared/runtime/function.ts';
import { type Actor, findActor } from './access.ts';
import type { Change } from './change.ts';
import type { Deps } from './deps.ts';

type Cancellation = {
  readonly actor: Actor;
  readonly visitType: CutOffFacts['visitType'];
  readonly now: Temporal.Instant;
  readonly because: string | undefined;
  readonly traceparent: string;
};

/** Cancels a locked booking and enqueues the event that tells of it. Throws `conflict` when it is too late. */
export async function cancel(
  tx: Queryable,
  former: BookingRow,
  { actor, visitType, now, because, traceparent }: Cancellation,
): Promise<Change> {
  const planned = planCancel(former, { visitType, now, actedAs: actor.actedAs });
  const booking = { ...former, ...planned, ...actor, updatedAt: now };
  await saveBooking(tx, { former, next: booking, because });
  const event = bookingCancelled(booking, actor.actedAs, traceparent);
  await enqueue(tx, bookingOutbox, [event]);
  return { booking, events: [event] };
}

/**
 * Cancels the bookings that give way to another, by the rules of any cancellation. Throws `conflict` where one of them
 * is not the caller's to cancel: a practitioner replaces nothing in another's calendar.
 */
export async function cancelReplaced(
  { lookups, now }: Deps,
  tx: Queryable,
  replaced: readonly BookingId[],
  { caller, traceparent }: RequestContext,
): Promise<OutgoingEvent[]> {
  const events: OutgoingEvent[] = [];
  for (const { country, id } of replaced) {
    const former = await lockBooking(tx, { country, id });
    const actor = await findActor(lookups, caller, former);
    if (actor === undefined) throw refusal([{ code: 'same-specialty', options: ['keep'], bookingIds: [id] }]);
    const visitType = await lookups.visitType(country, former.visitTypeId);
    const because = 'replaced by another booking';
    const change = await cancel(tx, former, { actor, visitType, now: now(), because, traceparent });
    events.push(...change.events);
  }
  return events;
}
