import { planRelease } from '../domain/booking.ts';
import { bookingReleased } from './booking-events.ts';
import { saveBooking } from './bookings.ts';
import type { Queryable } from './client.ts';
import { enqueue, type OutgoingEvent } from './outbox.ts';
import { type BookingRow, bookingOutbox } from './schema/booking.ts';

export type Release = {
  cause: 'released' | 'expired';
  now: Temporal.Instant;
  actedBy: string;
  actedAs: string;
  traceparent: string;
};

/** Gives a locked hold back and enqueues BookingReleased. Throws `conflict` when it is no hold any more. */
export async function releaseHold(
  tx: Queryable,
  hold: BookingRow,
  { cause, now, actedBy, actedAs, traceparent }: Release,
): Promise<OutgoingEvent> {
  const next = { ...hold, ...planRelease(hold), actedBy, actedAs, updatedAt: now };
  await saveBooking(tx, { former: hold, next });
  const event = bookingReleased(next, cause, traceparent);
  await enqueue(tx, bookingOutbox, [event]);
  return event;
}
