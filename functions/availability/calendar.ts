import { listBusySlots, listPractices, type Practice } from '../../shared/db/availability.ts';
import type { Queryable } from '../../shared/db/client.ts';
import type { DayBits } from '../../shared/domain/day-bits.ts';
import type { Interval } from '../../shared/domain/interval.ts';
import { busyTime, type Calendar } from '../../shared/domain/openings.ts';
import { bitsOf, freeSlots, windowBits } from '../../shared/domain/slots.ts';
import { localDate, localDays, spanOf } from '../../shared/domain/zone.ts';
import type { Window } from '../../shared/redis/availability-runs.ts';
import type { Deps } from './deps.ts';

/** A practitioner's time as PostgreSQL has it, from yesterday on. */
export type PracticeCalendar = Calendar & { readonly practice: Practice; readonly today: Temporal.PlainDate };

/** Local days after today that are looked at, however far a client or an event points. */
export const FARTHEST_DAYS = 400;

/** Reads all that the practitioners' days are computed from; those that do not exist are left out. */
export async function readCalendars(
  db: Queryable,
  { gridOf, now }: Pick<Deps, 'gridOf' | 'now'>,
  country: string,
  practitionerIds: readonly string[],
): Promise<PracticeCalendar[]> {
  const practices = await listPractices(db, country, practitionerIds);
  return withTaken(db, { grid: gridOf(country), now: now() }, practices, FARTHEST_DAYS);
}

/** The calendars of practices that are known, with what takes time on so many days from today on. */
export async function withTaken(
  db: Queryable,
  { grid, now }: Pick<Calendar, 'grid' | 'now'>,
  practices: readonly Practice[],
  days: number,
): Promise<PracticeCalendar[]> {
  const [first] = practices;
  if (first === undefined) return [];
  const span = spanAround(now, days);
  const ids = practices.map(({ practitionerId }) => practitionerId);
  const taken = await listBusySlots(db, first.country, ids, span);
  return practices.map((practice) => ({
    practice,
    grid,
    now,
    schedule: practice.schedule,
    today: localDate(practice.schedule.timeZone, now),
    taken: taken.get(practice.practitionerId) ?? [],
  }));
}

/** So many days from today on, wherever a practitioner is. */
export function spanAround(now: Temporal.Instant, days: number): Interval {
  const { start, end } = localDays('UTC', localDate('UTC', now), days);
  // More on both sides: some zone is there already, or there still.
  return { start: start.subtract({ hours: 48 }), end: end.add({ hours: 48 }) };
}

export function dayBitsOf({ grid, schedule, taken }: Calendar, date: Temporal.PlainDate): DayBits {
  return bitsOf(grid, freeSlots(grid, schedule, date, taken.map(busyTime)));
}

/** The row of the bitmap: so many days from today on. */
export function windowOf({ practice, today, grid, schedule, taken }: PracticeCalendar, days: number): Window {
  const bits = windowBits(grid, schedule, taken.map(busyTime).map(spanOf), { start: today, days });
  return { ordinal: practice.ordinal, start: today, days: bits };
}
