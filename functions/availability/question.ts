import type { Practice } from '../../shared/db/availability.ts';
import type { Grid } from '../../shared/domain/grid.ts';
import { anyVisit, type VisitRules } from '../../shared/domain/openings.ts';
import type { VisitType } from '../../shared/domain/visit-type.ts';
import { localDate } from '../../shared/domain/zone.ts';
import { FARTHEST_DAYS } from './calendar.ts';
import type { Deps } from './deps.ts';

/** What is asked of one practitioner. */
export type Question = {
  readonly practice: Practice;
  readonly grid: Grid;
  readonly now: Temporal.Instant;
  readonly visit: VisitRules;
  /** The days of the answer. */
  readonly dates: readonly Temporal.PlainDate[];
  /** The day after them, and not before today. */
  readonly next: Temporal.PlainDate;
  /** The last day on which the visit can be booked. */
  readonly horizon: Temporal.PlainDate;
  /** The first day that the bitmap's window cannot hold. */
  readonly windowEnd: Temporal.PlainDate;
};

export type Range = { readonly from?: string | undefined; readonly days: number };

/** Days that are over are no part of the question; without `from` it begins today, as the practitioner counts. */
export function questionOf(
  { bitmapOf, gridOf, now }: Pick<Deps, 'bitmapOf' | 'gridOf' | 'now'>,
  practice: Practice,
  visitType: VisitType | undefined,
  { from, days }: Range,
): Question {
  const grid = gridOf(practice.country);
  const asked = now();
  const today = localDate(practice.schedule.timeZone, asked);
  const visit = visitType ?? anyVisit(grid, practice.visitTypes);
  const first = from === undefined ? today : Temporal.PlainDate.from(from);
  const end = first.add({ days });
  return {
    practice,
    grid,
    now: asked,
    visit,
    dates: datesOf(first, days).filter((date) => Temporal.PlainDate.compare(date, today) >= 0),
    next: Temporal.PlainDate.compare(end, today) < 0 ? today : end,
    horizon: today.add({ days: Math.min(visit.horizonDays, FARTHEST_DAYS) }),
    windowEnd: today.add({ days: bitmapOf(practice.country).windowDays }),
  };
}

/** The days on which the visit can be booked at all, and one more for what goes on past midnight. */
export function datesToLookAt({ dates, horizon }: Question): Temporal.PlainDate[] {
  const bookable = dates.filter((date) => Temporal.PlainDate.compare(date, horizon) <= 0);
  const last = bookable.at(-1);
  return last === undefined ? [] : [...bookable, last.add({ days: 1 })];
}

function datesOf(first: Temporal.PlainDate, days: number): Temporal.PlainDate[] {
  return Array.from({ length: days }, (_, ahead) => first.add({ days: ahead }));
}
