import type { Interval } from './interval.ts';

/** Time through which a zone keeps one offset from UTC, in milliseconds of the epoch; `untilMs` is excluded. */
export type Stretch = { readonly fromMs: number; readonly untilMs: number; readonly offsetMs: number };

export const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** More than any zone has ever been away from UTC. */
const WIDEST_OFFSET_MS = 24 * 60 * MINUTE_MS;

/** Clocks of a zone seldom change: a year of a zone is read once. Years come from callers, so their number is bounded. */
const years = new Map<string, readonly Stretch[]>();
const MAX_YEARS = 4_096;

/** Local midnight as the clock names it, whether or not it was shown that day, read as if it were UTC. */
export function localMidnightMs(date: Temporal.PlainDate): number {
  return new Date(0).setUTCFullYear(date.year, date.month - 1, date.day);
}

/** Days since 1970-01-01. */
export function dayNumber(date: Temporal.PlainDate): number {
  return localMidnightMs(date) / DAY_MS;
}

/** The date a zone's calendar shows at the instant. */
export function localDate(timeZone: string, instant: Temporal.Instant): Temporal.PlainDate {
  const ms = instant.epochMilliseconds;
  const shown = new Date(ms + offsetAt(timeZone, ms));
  return new Temporal.PlainDate(shown.getUTCFullYear(), shown.getUTCMonth() + 1, shown.getUTCDate());
}

function offsetAt(timeZone: string, ms: number): number {
  const stretch = stretchesOfYear(timeZone, yearOf(ms)).find(({ fromMs, untilMs }) => fromMs <= ms && ms < untilMs);
  if (stretch === undefined) throw new RangeError('no such time');
  return stretch.offsetMs;
}

/** From the first moment of a local day to the first of the day `days` later: 23, 24 or 25 hours, mostly, for one. */
export function localDays(timeZone: string, date: Temporal.PlainDate, days = 1): Interval {
  const [start, end] = [date, date.add({ days })].map((day) => day.toZonedDateTime(timeZone).toInstant());
  if (start === undefined || end === undefined) throw new RangeError('no such day');
  return { start, end };
}

/** The stretches that touch the local clock's span from `fromLocalMs` to `untilLocalMs`, in order. */
export function stretchesAround(timeZone: string, fromLocalMs: number, untilLocalMs: number): Stretch[] {
  const [fromMs, untilMs] = [fromLocalMs - WIDEST_OFFSET_MS, untilLocalMs + WIDEST_OFFSET_MS];
  const found: Stretch[] = [];
  for (let year = yearOf(fromMs); year <= yearOf(untilMs); year += 1) {
    for (const stretch of stretchesOfYear(timeZone, year)) append(found, stretch);
  }
  return found.filter((stretch) => stretch.fromMs < untilMs && fromMs < stretch.untilMs);
}

/**
 * The real time during which a zone's clock shows a day's minutes from `startMinute` up to `endMinute`, in order.
 * Minutes that the clock skips take no time; minutes that it shows twice count twice.
 */
export function whenClockShows(
  timeZone: string,
  date: Temporal.PlainDate,
  startMinute: number,
  endMinute: number,
): Interval[] {
  const from = localMidnightMs(date) + startMinute * MINUTE_MS;
  const until = localMidnightMs(date) + endMinute * MINUTE_MS;
  return stretchesAround(timeZone, from, until).flatMap(({ fromMs, untilMs, offsetMs }) => {
    const start = Math.max(fromMs, from - offsetMs);
    const end = Math.min(untilMs, until - offsetMs);
    return start < end ? [intervalOf(start, end)] : [];
  });
}

export function intervalOf(startMs: number, endMs: number): Interval {
  return {
    start: Temporal.Instant.fromEpochMilliseconds(startMs),
    end: Temporal.Instant.fromEpochMilliseconds(endMs),
  };
}

/** An interval in milliseconds of the epoch: to make and to ask many instants takes time and memory. */
export type Span = { readonly startMs: number; readonly endMs: number };

export function spanOf({ start, end }: Interval): Span {
  return { startMs: start.epochMilliseconds, endMs: end.epochMilliseconds };
}

function stretchesOfYear(timeZone: string, year: number): readonly Stretch[] {
  const key = `${timeZone} ${year}`;
  const known = years.get(key);
  if (known) return known;
  if (years.size >= MAX_YEARS) years.clear();
  const read = readStretches(timeZone, startOfYear(year), startOfYear(year + 1));
  years.set(key, read);
  return read;
}

function readStretches(timeZone: string, fromMs: number, untilMs: number): Stretch[] {
  const read: Stretch[] = [];
  let clock = Temporal.Instant.fromEpochMilliseconds(fromMs).toZonedDateTimeISO(timeZone);
  for (let start = fromMs; start < untilMs; start = clock.epochMilliseconds) {
    const next = clock.getTimeZoneTransition('next');
    const end = Math.min(next?.epochMilliseconds ?? untilMs, untilMs);
    append(read, { fromMs: start, untilMs: end, offsetMs: clock.offsetNanoseconds / 1e6 });
    if (next === null) break;
    clock = next;
  }
  return read;
}

/** Joins a stretch to the last one where the clock runs on, as it does from year to year. */
function append(stretches: Stretch[], next: Stretch): void {
  const last = stretches.at(-1);
  if (last?.untilMs === next.fromMs && last.offsetMs === next.offsetMs) {
    stretches[stretches.length - 1] = { ...last, untilMs: next.untilMs };
  } else {
    stretches.push(next);
  }
}

function yearOf(ms: number): number {
  return new Date(ms).getUTCFullYear();
}

function startOfYear(year: number): number {
  return new Date(0).setUTCFullYear(year, 0, 1);
}
