import type { Practice } from '../../shared/db/availability.ts';
import type { Grid } from '../../shared/domain/grid.ts';
import { decisiveVisits, farthestHorizon, type VisitRules } from '../../shared/domain/openings.ts';
import { localDate } from '../../shared/domain/zone.ts';
import { FARTHEST_DAYS } from './calendar.ts';
import type { Deps } from './deps.ts';

/** What is asked of one practitioner. */
export type Question = {
  readonly practice: Practice;
  readonly grid: Grid;
  readonly now: Temporal.Instant;
  /** One of these is to be booked. */
  readonly visits: readonly VisitRules[];
  /** The days of the answer. */
  readonly dates: readonly Temporal.PlainDate[];
  /** The day after them, and not before today. */
  readonly next: Temporal.PlainDate;
  /** The last day on which one of the visits can be booked. */
  readonly horizon: Temporal.PlainDate;
  /** The first day that the bitmap's window cannot hold. */
  readonly windowEnd: Temporal.PlainDate;
};

export type Range = { readonly from?: string | undefined; readonly days: number };

/** Days that are over are no part of the question; without `from` it begins today, as the practitioner counts. */
export function questionOf(
  { bitmapOf, gridOf, now }: Pick<Deps, 'bitmapOf' | 'gridOf' | 'now'>,
  practice: Practice,
  visits: readonly VisitRules[],
  { from, days }: Range,
): Question {
  const grid = gridOf(practice.country);
  const asked = now();
  const today = localDate(practice.schedule.timeZone, asked);
  const first = from === undefined ? today : Temporal.PlainDate.from(from);
  const end = first.add({ days });
  return {
    practice,
    grid,
    now: asked,
    visits: decisiveVisits(visits),
    dates: datesOf(first, days).filter((date) => Temporal.PlainDate.compare(date, today) >= 0),
    next: Temporal.PlainDate.compare(end, today) < 0 ? today : end,
    horizon: today.add({ days: Math.min(farthestHorizon(visits), FARTHEST_DAYS) }),
    windowEnd: today.add({ days: bitmapOf(practice.country).windowDays }),
  };
}

/** The days on which one of the visits can be booked at all, and one more for what goes on past midnight. */
export function datesToLookAt({ dates, horizon }: Question): Temporal.PlainDate[] {
  const bookable = dates.filter((date) => Temporal.PlainDate.compare(date, horizon) <= 0);
  const last = bookable.at(-1);
  return last === undefined ? [] : [...bookable, last.add({ days: 1 })];
}

/** Local days from today on, up to the last to look at. */
export function daysToLookAt(question: Question): number {
  const last = datesToLookAt(question).at(-1);
  return last === undefined ? 0 : localDate(question.practice.schedule.timeZone, question.now).until(last).days + 1;
}

export function datesOf(first: Temporal.PlainDate, days: number): Temporal.PlainDate[] {
  return Array.from({ length: days }, (_, ahead) => first.add({ days: ahead }));
}
