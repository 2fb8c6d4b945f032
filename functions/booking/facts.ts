import { type BookingId, listOccupying, lockBooking } from '../../shared/db/bookings.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { releaseHold } from '../../shared/db/holds.ts';
import type { OutgoingEvent } from '../../shared/db/outbox.ts';
import type { BookingRow } from '../../shared/db/schema/booking.ts';
import { type BookingFacts, type SlotRequest, specialtySpan } from '../../shared/domain/booking.ts';
import type { Interval } from '../../shared/domain/interval.ts';
import { localDate, localDays } from '../../shared/domain/zone.ts';
import type { Practice } from './lookups.ts';

/** Days from the wanted one on in which a refusal looks for free slots. */
const LOOK_AHEAD_DAYS = 14;

/** What else occupies the parties around a slot; `stale` are the holds among it that have expired, which do not count. */
export type Others = { readonly facts: BookingFacts; readonly stale: readonly BookingId[] };

export async function listOthers(
  tx: Queryable,
  { practitionerId, patientId, slotStart }: SlotRequest,
  practice: Practice,
  now: Temporal.Instant,
): Promise<Others> {
  const { timeZone } = practice.schedule;
  const lookAhead = localDays(timeZone, localDate(timeZone, slotStart), LOOK_AHEAD_DAYS);
  const practitioner = { id: practitionerId, span: widened(lookAhead) };
  const patient = { id: patientId, span: specialtySpan(timeZone, slotStart) };
  const occupying = await listOccupying(tx, practitioner, patient);
  const live = occupying.filter((one) => !isStale(one, now));
  const facts = {
    ...practice,
    now,
    lookAhead,
    practitionerBookings: live.filter((one) => one.practitionerId === practitionerId),
    patientBookings: live.filter((one) => one.patientId === patientId),
  };
  return { facts, stale: occupying.filter((one) => isStale(one, now)) };
}

/** Releases holds that have expired, unless somebody has dealt with them since. */
export async function expireHolds(
  tx: Queryable,
  stale: readonly BookingId[],
  { now, traceparent }: { now: Temporal.Instant; traceparent: string },
): Promise<OutgoingEvent[]> {
  const events: OutgoingEvent[] = [];
  for (const id of stale) {
    const hold = await lockBooking(tx, id);
    if (!isStale(hold, now)) continue;
    events.push(
      await releaseHold(tx, hold, { cause: 'expired', now, actedBy: 'booking', actedAs: 'system', traceparent }),
    );
  }
  return events;
}

function isStale({ status, holdExpiresAt }: BookingRow, now: Temporal.Instant): boolean {
  return status === 'held' && holdExpiresAt !== null && Temporal.Instant.compare(holdExpiresAt, now) <= 0;
}

/** Buffers reach out of the days they belong to. */
function widened({ start, end }: Interval): Interval {
  return { start: start.subtract({ hours: 24 }), end: end.add({ hours: 24 }) };
}
