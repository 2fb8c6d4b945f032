import type { Redis } from 'ioredis';

import type { DayBits } from '../domain/day-bits.ts';
import { placeOf, type Layout } from './availability-layout.ts';
import { checkedDay, checkWindowStart, encodeRow, epochDay, latestToday, secondsLeft } from './availability-row.ts';
import type { WindowArgs } from './availability-scripts.ts';
import { batched, runsOf, type Run, type Window } from './availability-runs.ts';

export type DatedBits = { readonly date: Temporal.PlainDate; readonly bits: DayBits };

export type AvailabilityWriter = {
  /** Writes a whole window. Throws RangeError for one that does not hold today, or not as many days as it should. */
  writeRow(window: Window): Promise<void>;
  /** Writes whole days, all or none: false where the practitioner's window is unknown or does not hold one of them. */
  writeDays(ordinal: number, days: readonly DatedBits[]): Promise<boolean>;
  /**
   * Writes what is not known of many windows, in bounded memory; a day that is known stays as it is, since whoever wrote it
   * may have seen more. Fast where ordinals come in order.
   */
  fill(windows: AsyncIterable<Window> | Iterable<Window>): Promise<void>;
  /** Makes a practitioner unknown. */
  forget(ordinal: number): Promise<void>;
};

/** Runs of rows under way at a time: each is one block at most. */
const RUNS_AT_A_TIME = 16;

export function createAvailabilityWriter(
  redis: Redis,
  layout: Layout,
  now: () => Temporal.Instant,
): AvailabilityWriter {
  const fillRun = ({ place, windowStart, rows }: Run) =>
    redis.availabilityFillRows(place.key, ...windowArgs(layout, windowStart, now()), place.offset, rows);
  return {
    async writeRow({ ordinal, start, days }) {
      const { key, offset } = placeOf(layout, ordinal);
      const windowStart = epochDay(start);
      const row = encodeRow(layout, windowStart, days);
      await redis.availabilityWriteRow(key, ...windowArgs(layout, windowStart, now()), offset, row);
    },
    async writeDays(ordinal, days) {
      const { key, offset } = placeOf(layout, ordinal);
      const dated = days.flatMap(({ date, bits }) => [epochDay(date), Buffer.from(checkedDay(layout, bits))]);
      const latest = latestToday(now());
      return (await redis.availabilityWriteDays(key, offset, latest, layout.days, layout.dayBytes, ...dated)) === 1;
    },
    async fill(windows) {
      for await (const runs of batched(runsOf(layout, windows), RUNS_AT_A_TIME)) await Promise.all(runs.map(fillRun));
    },
    async forget(ordinal) {
      const { key, offset } = placeOf(layout, ordinal);
      await redis.availabilityForget(key, offset);
    },
  };
}

function windowArgs(layout: Layout, windowStart: number, now: Temporal.Instant): WindowArgs {
  checkWindowStart(layout, windowStart, latestToday(now));
  const { days, dayBytes, rowBytes, blockBytes } = layout;
  return [windowStart, secondsLeft(layout, windowStart, now), days, dayBytes, rowBytes, blockBytes];
}
