import { lockDaysOfRange, type OrdinalRange } from '../../shared/db/availability.ts';
import { type CalendarRow, listCalendarRows, ordinalsEnd } from '../../shared/db/calendars.ts';
import { windowBits } from '../../shared/domain/slots.ts';
import { localDate } from '../../shared/domain/zone.ts';
import type { Window } from '../../shared/redis/availability-runs.ts';
import { spanAround } from './calendar.ts';
import type { Deps } from './deps.ts';

export type RebuildOptions = {
  /** The ordinal to begin with. */
  readonly from?: number;
  /** Ends the rebuild when what is under way is done. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
};

export type Progress = {
  /** Rows written. */
  readonly rows: number;
  /** Every row below is written: a later rebuild may begin here. */
  readonly below: number;
  /** All are written when `below` has come here. */
  readonly end: number;
};

/** Practitioners whose days are locked, read and written together. */
const BATCH = 500;
/** Batches under way: while PostgreSQL reads one, another is computed. */
const LANES = 3;

/**
 * Writes the rows of everybody in a country anew, from what PostgreSQL holds. A batch's days stay locked from before they are
 * read until Redis has taken them, as in `recompute`: whoever writes last has seen every commit before it. It may be ended
 * anywhere and done again.
 */
export async function rebuildCountry(
  deps: Omit<Deps, 'publish'>,
  country: string,
  { from = 0, signal, onProgress }: RebuildOptions = {},
): Promise<Progress> {
  const end = await ordinalsEnd(deps.db, country);
  const ranges = rangesOf(from, end);
  const underWay = new Set<OrdinalRange>();
  let [rows, begun] = [0, Math.min(from, end)];

  async function rebuildNext(): Promise<void> {
    // Where one fails, none of the others begins another.
    for (const range of ranges) {
      if (signal?.aborted) return;
      underWay.add(range);
      begun = range.end;
      const written = await rebuildRange(deps, country, range);
      rows += written;
      underWay.delete(range);
      onProgress?.(progress());
    }
  }

  const progress = () => ({ rows, end, below: Math.min(begun, ...[...underWay].map(({ first }) => first)) });
  await Promise.all(Array.from({ length: LANES }, rebuildNext));
  return progress();
}

function* rangesOf(from: number, end: number): Generator<OrdinalRange> {
  for (let first = from; first < end; first += BATCH) yield { first, end: Math.min(first + BATCH, end) };
}

async function rebuildRange(
  { db, bitmapOf, gridOf, now }: Omit<Deps, 'publish'>,
  country: string,
  range: OrdinalRange,
): Promise<number> {
  const bitmap = bitmapOf(country);
  return db.transaction(async (tx) => {
    await lockDaysOfRange(tx, country, range);
    const at = now();
    const rows = await listCalendarRows(tx, country, range, spanAround(at, bitmap.windowDays));
    await bitmap.writeRows(windowsOf(rows, { grid: gridOf(country), days: bitmap.windowDays, now: at }));
    return rows.length;
  });
}

type Frame = {
  readonly grid: ReturnType<Deps['gridOf']>;
  readonly days: number;
  readonly now: Temporal.Instant;
};

function* windowsOf(rows: readonly CalendarRow[], { grid, days, now }: Frame): Generator<Window> {
  const todays = new Map<string, Temporal.PlainDate>();
  for (const { ordinal, schedule, busy } of rows) {
    const start = todays.get(schedule.timeZone) ?? localDate(schedule.timeZone, now);
    todays.set(schedule.timeZone, start);
    yield { ordinal, start, days: windowBits(grid, schedule, busy, { start, days }) };
  }
}
