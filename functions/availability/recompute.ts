import { randomUUIDv7 } from 'node:crypto';

import { AvailabilityChanged } from '../../schemas/events/availability.v1.ts';
import type { AnyEvent } from '../../schemas/events/contract.ts';
import { lockDays, markStale } from '../../shared/db/availability.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { once } from '../../shared/db/inbox.ts';
import { enqueue, outgoing, type OutgoingEvent } from '../../shared/db/outbox.ts';
import { practitionerInbox, practitionerOutbox } from '../../shared/db/schema/practitioner.ts';
import { busyTime, farthestHorizon, nextOpenings } from '../../shared/domain/openings.ts';
import { freeSlots } from '../../shared/domain/slots.ts';
import { bookableSpan } from '../../shared/domain/visit-type.ts';
import { AppError } from '../../shared/errors.ts';
import type { AvailabilityBitmap } from '../../shared/redis/availability-bitmap.ts';
import { dayBitsOf, FARTHEST_DAYS, type PracticeCalendar, readCalendars, windowOf } from './calendar.ts';
import type { Deps } from './deps.ts';
import { mendStaleRows } from './mend-stale-rows.ts';

/** Local days, both included. */
export type DayRange = { readonly first: Temporal.PlainDate; readonly last: Temporal.PlainDate };

export type Change = {
  readonly event: Pick<AnyEvent, 'source' | 'id'>;
  readonly country: string;
  readonly practitionerId: string;
  readonly ranges: readonly DayRange[];
  readonly traceparent: string;
};

/** Up to so many days are written one by one; for more the whole window is written. */
const FEW_DAYS = 7;

/**
 * Computes the days of a practitioner that an event touches from what PostgreSQL holds, writes them whole, and tells of it.
 * One at a time per practitioner: whoever writes last has seen every commit before it. Where Redis does not take the days,
 * the row is marked as stale and the rest is done; the event comes again, which drives the mending of that row.
 */
export async function recompute(deps: Deps, change: Change): Promise<void> {
  const told = await once(deps.db, practitionerInbox, 'availability', change.event, async (tx) => {
    await lockDays(tx, change.practitionerId);
    return writeAndTell(tx, deps, change);
  });
  if (told !== undefined && told > 0) deps.publish([change.practitionerId]);
  await mendStaleRows(deps, change.country, change.practitionerId);
}

async function writeAndTell(tx: Queryable, deps: Deps, change: Change): Promise<number> {
  const [calendar] = await readCalendars(tx, deps, change.country, [change.practitionerId]);
  if (calendar === undefined) return 0;
  const dates = datesOf(change.ranges, calendar.today);
  await writeOrMark(tx, deps.bitmapOf(change.country), calendar, dates);
  const events = availabilityChanged(calendar, dates, change.traceparent);
  await enqueue(tx, practitionerOutbox, events);
  return events.length;
}

/** The days of the ranges that are not over, each once, in order. */
function datesOf(ranges: readonly DayRange[], today: Temporal.PlainDate): Temporal.PlainDate[] {
  const farthest = today.add({ days: FARTHEST_DAYS - 1 });
  const dates = new Map<string, Temporal.PlainDate>();
  for (const { first, last } of ranges) {
    const end = earlier(last, farthest);
    for (let date = later(first, today); !isAfter(date, end); date = date.add({ days: 1 })) {
      dates.set(date.toString(), date);
    }
  }
  return [...dates.values()].toSorted((one, other) => Temporal.PlainDate.compare(one, other));
}

async function writeOrMark(
  tx: Queryable,
  bitmap: AvailabilityBitmap,
  calendar: PracticeCalendar,
  dates: readonly Temporal.PlainDate[],
): Promise<void> {
  const { country, practitionerId, rowIsStale } = calendar.practice;
  // A row that is stale is mended as a whole, by itself.
  if (rowIsStale || (await isTaken(writeDays(bitmap, calendar, dates)))) return;
  await markStale(tx, country, practitionerId);
}

/** Redis is a hint: that it does not answer is no failure of what PostgreSQL holds. */
async function isTaken(written: Promise<void>): Promise<boolean> {
  try {
    await written;
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === 'unavailable') return false;
    throw error;
  }
}

async function writeDays(
  bitmap: AvailabilityBitmap,
  calendar: PracticeCalendar,
  dates: readonly Temporal.PlainDate[],
): Promise<void> {
  const end = calendar.today.add({ days: bitmap.windowDays });
  const held = dates.filter((date) => isAfter(end, date));
  if (held.length === 0) return;
  const days = () => held.map((date) => ({ date, bits: dayBitsOf(calendar, date) }));
  const written = held.length <= FEW_DAYS && (await bitmap.writeDays(calendar.practice.ordinal, days()));
  if (!written) await bitmap.writeRow(windowOf(calendar, bitmap.windowDays));
}

function availabilityChanged(
  calendar: PracticeCalendar,
  dates: readonly Temporal.PlainDate[],
  traceparent: string,
): OutgoingEvent[] {
  const { practitionerId, country } = calendar.practice;
  const nextAvailable = dates.length > 0 ? nextAvailableOf(calendar) : null;
  return dates.map((date) =>
    outgoing(AvailabilityChanged, {
      id: randomUUIDv7(),
      subject: practitionerId,
      partitionKey: practitionerId,
      time: calendar.now,
      traceparent,
      data: {
        practitionerId,
        country,
        date: date.toString(),
        freeSlots: freeSlots(calendar.grid, calendar.schedule, date, calendar.taken.map(busyTime)).length,
        nextAvailable,
      },
    }),
  );
}

function nextAvailableOf(calendar: PracticeCalendar): string | null {
  const { visitTypes } = calendar.practice;
  const horizonDays = Math.min(farthestHorizon(visitTypes), FARTHEST_DAYS);
  const span = bookableSpan({ minimumNoticeMinutes: 0, horizonDays }, calendar.schedule.timeZone, calendar.now);
  const [next] = nextOpenings(visitTypes, calendar, span, 1);
  return next?.start.toString() ?? null;
}

function earlier(one: Temporal.PlainDate, other: Temporal.PlainDate): Temporal.PlainDate {
  return isAfter(one, other) ? other : one;
}

function later(one: Temporal.PlainDate, other: Temporal.PlainDate): Temporal.PlainDate {
  return isAfter(one, other) ? one : other;
}

function isAfter(one: Temporal.PlainDate, other: Temporal.PlainDate): boolean {
  return Temporal.PlainDate.compare(one, other) > 0;
}
