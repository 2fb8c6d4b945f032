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

/** The last day that is today anywhere. */
export function latestToday(nowMs: number): EpochDay {
  return Math.floor(nowMs / DAY_MS) + ZONES_AHEAD_DAYS;
}

/** 1 to 255; 0 stands for a row of which nothing is known. */
function stampOf(windowStart: EpochDay): number {
  return (windowStart % STAMPS) + 1;
}

/**
 * The day a row's window starts, `undefined` when nothing is known: the last day with the stamp that is not after `latest`.
 * It is the right one, because no row is written ahead of its day or lives for 255 days: blocks expire, and drop old rows
 * whenever a newer window comes.
 */
export function windowStartOf(stamp: number, latest: EpochDay): EpochDay | undefined {
  return stamp === 0 ? undefined : latest - ((latest - (stamp - 1)) % STAMPS);
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

/** Throws RangeError for a window that has ended everywhere or begins nowhere yet: its stamp could be another's. */
export function checkWindowStart({ days }: Layout, windowStart: EpochDay, latest: EpochDay): void {
  if (windowStart > latest || windowStart + days < latest - ZONES_AHEAD_DAYS)
    throw new RangeError('A window holds today.');
}

/** Until the window has ended everywhere. */
export function secondsLeft({ days }: Layout, windowStart: EpochDay, nowMs: number): number {
  const endMs = (windowStart + days + ZONES_BEHIND_DAYS) * DAY_MS;
  return Math.max(1, Math.ceil((endMs - nowMs) / 1_000));
}

/** Day by day; `undefined` where nothing is known, so that it is rebuilt and never taken for free or full. */
export type KnownDays = readonly (DayBits | undefined)[];

export type WantedDays = { readonly from: EpochDay; readonly days: number; readonly latest: EpochDay };

/** The days of the row that begins at `at`; `undefined` for those outside its window, and for all when nothing is known. */
export function decodeDays(layout: Layout, rows: Buffer, at: number, wanted: WantedDays): KnownDays {
  const { ahead, first, end } = knownPart(layout, windowStartOf(rows[at] ?? 0, wanted.latest), wanted);
  const { buffer, byteOffset } = rows;
  const { dayBytes } = layout;
  const start = byteOffset + at + STAMP_BYTES;
  const known: (DayBits | undefined)[] = [];
  for (let day = ahead; day < ahead + wanted.days; day += 1) {
    const isKnown = first <= day && day < end;
    known.push(isKnown ? new Uint8Array(buffer, start + day * dayBytes, dayBytes) : undefined);
  }
  return known;
}

/** Whether any slot of the days is free; `unknown` where those that are known have none and others are not known. */
export type Freedom = 'free' | 'none' | 'unknown';

/** Of the row that begins at `at`. */
export function freedomOf(layout: Layout, rows: Buffer, at: number, wanted: WantedDays): Freedom {
  const { first, end } = knownPart(layout, windowStartOf(rows[at] ?? 0, wanted.latest), wanted);
  for (let day = first; day < end; day += 1) if (hasFreeSlot(layout, rows, at, day)) return 'free';
  return end - first === wanted.days ? 'none' : 'unknown';
}

/** Whether the row that begins at `at` has a free slot on the day, counted from its window's start. */
export function hasFreeSlot({ dayBytes }: Layout, rows: Buffer, at: number, day: number): boolean {
  const from = at + STAMP_BYTES + day * dayBytes;
  for (let byte = from; byte < from + dayBytes; byte += 1) if (rows[byte] !== 0) return true;
  return false;
}

/** Which of the wanted days are in the window, `first` to `end`, and where they begin, all counted from its start. */
function knownPart(
  layout: Layout,
  windowStart: EpochDay | undefined,
  { from, days }: WantedDays,
): { ahead: number; first: number; end: number } {
  const ahead = windowStart === undefined ? layout.days : from - windowStart;
  return { ahead, first: Math.max(ahead, 0), end: Math.min(ahead + days, layout.days) };
}
