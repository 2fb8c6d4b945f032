import type { BookingCreated, BookingRescheduled } from '../../schemas/events/booking.v1.ts';
import type { AnyEvent, EventOf } from '../../schemas/events/contract.ts';
import { saveBusySlot } from '../../shared/db/availability.ts';
import type { Interval } from '../../shared/domain/interval.ts';
import { localDate } from '../../shared/domain/zone.ts';
import { AppError } from '../../shared/errors.ts';
import type { EventContext } from '../../shared/runtime/function.ts';
import type { Deps } from './deps.ts';
import { getPractice } from './practices.ts';
import { type DayRange, recompute } from './recompute.ts';

type Previous = Pick<EventOf<typeof BookingRescheduled>['data'], 'previousSlotStart' | 'previousSlotEnd'>;
type BookingData = EventOf<typeof BookingCreated>['data'] & Partial<Previous>;

/** Any event of a booking: all of them tell its slot and version. */
type BookingEvent = Pick<AnyEvent, 'id' | 'source'> & { readonly data: BookingData };

/**
 * Takes over what an event says of a practitioner's time, then computes the days it touches anew.
 *
 * The first is committed by itself: it is idempotent by version, and PostgreSQL is asked while Redis is down, which is
 * when the second fails and comes again.
 */
export function applyBooking(
  deps: Deps,
  { active }: { active: boolean },
): (event: BookingEvent, context: EventContext) => Promise<void> {
  return async (event, { traceparent }) => {
    const { country, practitionerId, bookingId, visitTypeId, version } = event.data;
    const slotStart = Temporal.Instant.from(event.data.slotStart);
    const busy = busyOf(event.data);
    const { schedule } = await getPractice(deps.db, country, practitionerId);
    const row = { country, practitionerId, bookingId, visitTypeId, version, active, slotStart };
    const former = await saveBusySlot(deps.db, { ...row, busyStart: busy.start, busyEnd: busy.end });
    const spans = [busy, ...(former ? [former] : []), ...previousBusyOf(event.data)];
    const ranges = spans.map((span) => daysOf(schedule.timeZone, span));
    await recompute(deps, { event, country, practitionerId, ranges, traceparent });
  };
}

function busyOf({ busyStart, busyEnd }: BookingData): Interval {
  const [start, end] = [Temporal.Instant.from(busyStart), Temporal.Instant.from(busyEnd)];
  if (Temporal.Instant.compare(start, end) < 0) return { start, end };
  throw new AppError('unprocessable', 'busyEnd is not after busyStart.');
}

/** The slot that was left, with the buffers it had if the visit type has not changed since. */
function previousBusyOf(data: BookingData): Interval[] {
  if (data.previousSlotStart === undefined || data.previousSlotEnd === undefined) return [];
  const before = Temporal.Instant.from(data.busyStart).until(data.slotStart);
  const after = Temporal.Instant.from(data.slotEnd).until(data.busyEnd);
  const [start, end] = [data.previousSlotStart, data.previousSlotEnd].map((text) => Temporal.Instant.from(text));
  return start && end ? [{ start: start.subtract(before), end: end.add(after) }] : [];
}

function daysOf(timeZone: string, { start, end }: Interval): DayRange {
  return { first: localDate(timeZone, start), last: localDate(timeZone, end) };
}
