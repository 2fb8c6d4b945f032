import { isDayOf, type DayBits } from '../domain/day-bits.ts';
import { STAMP_BYTES, type Layout } from './availability-layout.ts';

/** Days since 1970-01-01. */
export type EpochDay = number;

/** Some zone is a day ahead of UTC, so a local day, and with it a window, may have begun there already. */
const ZONES_AHEAD_DAYS = 1;
const ZONES_BEHIND_DAYS = 1;
const STAMPS = 255;
const DAY_MS = 86_400_000;

export function epochDay(date: Temporal.PlainDate): EpochDay {
  return Date.UTC(date.year, date.month - 1, date.day) / DAY_MS;
}

export function dateOf(day: EpochDay): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(day * DAY_MS)
    .toZonedDateTimeISO('UTC')
    .toPlainDate();
}

/** The last day that is today anywhere. */
export function latestToday(now: Temporal.Instant): EpochDay {
  return Math.floor(now.epochMilliseconds / DAY_MS) + ZONES_AHEAD_DAYS;
}

/** 1 to 255; 0 stands for a row of which nothing is known. */
export function stampOf(windowStart: EpochDay): number {
  return (windowStart % STAMPS) + 1;
}

/**
 * The day a row's window starts: the last one with the stamp that is not after `latest`. That is the right one, because
 * no row is written ahead of its day or lives for 255 days: blocks expire, and drop old rows whenever a newer window comes.
 */
export function windowStartOf(stamp: number, latest: EpochDay): EpochDay {
  return latest - ((latest - (stamp - 1)) % STAMPS);
}

/** A row as it is kept. Throws RangeError for days that do not fit. */
export function encodeRow(layout: Layout, windowStart: EpochDay, days: readonly DayBits[]): Buffer {
  if (days.length !== layout.days) throw new RangeError(`A window has ${layout.days} days, not ${days.length}.`);
  const row = Buffer.allocUnsafe(layout.rowBytes);
  row[0] = stampOf(windowStart);
  days.forEach((bits, index) => row.set(checkedDay(layout, bits), STAMP_BYTES + index * layout.dayBytes));
  return row;
}

/** Throws RangeError for bits that are no day of the grid. */
export function checkedDay({ grid }: Layout, bits: DayBits): DayBits {
  if (!isDayOf(grid, bits)) throw new RangeError(`A day has ${grid.slotsPerDay} slots.`);
  return bits;
}

/** Throws RangeError for a window that has ended everywhere, or begins nowhere yet: its stamp could not be told from others. */
export function checkWindowStart({ days }: Layout, windowStart: EpochDay, latest: EpochDay): void {
  if (windowStart > latest || windowStart + days < latest - ZONES_AHEAD_DAYS)
    throw new RangeError('A window holds today.');
}

/** Until the window has ended everywhere. */
export function secondsLeft({ days }: Layout, windowStart: EpochDay, now: Temporal.Instant): number {
  const endMs = (windowStart + days + ZONES_BEHIND_DAYS) * DAY_MS;
  return Math.max(1, Math.ceil((endMs - now.epochMilliseconds) / 1_000));
}

export type WantedDays = { readonly from: EpochDay; readonly days: number; readonly latest: EpochDay };

/** The days of the row that begins at `at`; `undefined` for those outside its window, and for all when nothing is known. */
export function decodeDays(layout: Layout, rows: Buffer, at: number, wanted: WantedDays): (DayBits | undefined)[] {
  const found: (DayBits | undefined)[] = [];
  const ahead = daysAhead(layout, rows[at], wanted);
  // A copy: the driver's buffer is far larger, and the driver's to use again.
  const row = new Uint8Array(rows.subarray(at, at + layout.rowBytes)).buffer;
  for (let day = ahead; day < ahead + wanted.days; day += 1) {
    const known = day >= 0 && day < layout.days;
    found.push(known ? new Uint8Array(row, STAMP_BYTES + day * layout.dayBytes, layout.dayBytes) : undefined);
  }
  return found;
}

/** Whether any slot of the days is free; `unknown` where those that are known have none and others are not known. */
export function freedomOf(layout: Layout, rows: Buffer, at: number, wanted: WantedDays): 'free' | 'none' | 'unknown' {
  const ahead = daysAhead(layout, rows[at], wanted);
  const first = Math.max(ahead, 0);
  const end = Math.min(ahead + wanted.days, layout.days);
  const days = at + STAMP_BYTES;
  for (let byte = days + first * layout.dayBytes; byte < days + end * layout.dayBytes; byte += 1)
    if (rows[byte] !== 0) return 'free';
  return end - first === wanted.days ? 'none' : 'unknown';
}

/** How many days after the window's start the wanted days begin; past its end when nothing is known. */
function daysAhead({ days }: Layout, stamp: number | undefined, { from, latest }: WantedDays): number {
  return stamp ? from - windowStartOf(stamp, latest) : days;
}
