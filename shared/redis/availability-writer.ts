import type { Redis } from 'ioredis';

import type { DayBits } from '../domain/day-bits.ts';
import { changesKey, changeText } from './availability-changes.ts';
import type { Layout } from './availability-layout.ts';
import type { Places } from './availability-places.ts';
import {
  checkedDay,
  checkWindowStart,
  encodeRow,
  epochDay,
  latestToday,
  secondsLeft,
  type EpochDay,
} from './availability-row.ts';
import type { WindowArgs, WriteArgs } from './availability-scripts.ts';
import { batched, runsOf, type Run, type Window } from './availability-runs.ts';

export type DatedBits = { readonly date: Temporal.PlainDate; readonly bits: DayBits };

export type AvailabilityWriter = {
  /** Writes a whole window. Throws RangeError for one that does not hold today, or not as many days as it should. */
  writeRow(window: Window): Promise<void>;
  /** Does so for many, in bounded memory. Fast where ordinals come in order. */
  writeRows(windows: AsyncIterable<Window> | Iterable<Window>): Promise<void>;
  /** Writes whole days, all or none: false where the practitioner's window is unknown or does not hold one of them. */
  writeDays(ordinal: number, days: readonly DatedBits[]): Promise<boolean>;
  /**
   * Writes what is not known of many windows, as `writeRows` does; a day that is known stays as it is, since whoever wrote it
   * may have seen more.
   */
  fill(windows: AsyncIterable<Window> | Iterable<Window>): Promise<void>;
  /** Makes a practitioner unknown. */
  forget(ordinal: number): Promise<void>;
};

/** Runs of rows under way at a time: each is one block at most. */
const RUNS_AT_A_TIME = 8;

export function createAvailabilityWriter(
  redis: Redis,
  layout: Layout,
  places: Places,
  nowMs: () => number,
): AvailabilityWriter {
  function writeArgs(ordinal: number, count = 1): WriteArgs {
    const { block, span } = places.of(ordinal);
    return [block.key, changesKey(layout), changeText({ first: ordinal, count }), span.offset];
  }

  function windowArgs(windowStart: EpochDay): WindowArgs {
    checkWindowStart(layout, windowStart, latestToday(nowMs()));
    const { days, dayBytes, rowBytes, blockBytes } = layout;
    return [windowStart, secondsLeft(layout, windowStart, nowMs()), days, dayBytes, rowBytes, blockBytes];
  }

  function writeRun({ first, count, windowStart, rows }: Run): Promise<unknown> {
    return redis.availabilityWriteRows(...writeArgs(first, count), ...windowArgs(windowStart), rows);
  }

  function fillRun({ first, count, windowStart, rows }: Run): Promise<unknown> {
    return redis.availabilityFillRows(...writeArgs(first, count), ...windowArgs(windowStart), rows);
  }

  async function eachRun(
    windows: AsyncIterable<Window> | Iterable<Window>,
    send: (run: Run) => Promise<unknown>,
  ): Promise<void> {
    for await (const runs of batched(runsOf(layout, places, windows), RUNS_AT_A_TIME))
      await Promise.all(runs.map(send));
  }

  return {
    async writeRow({ ordinal, start, days }) {
      const windowStart = epochDay(start);
      await writeRun({ first: ordinal, count: 1, windowStart, rows: encodeRow(layout, windowStart, days) });
    },
    writeRows: (windows) => eachRun(windows, writeRun),
    async writeDays(ordinal, days) {
      const dated = days.flatMap(({ date, bits }) => [epochDay(date), Buffer.from(checkedDay(layout, bits))]);
      const args = [latestToday(nowMs()), layout.days, layout.dayBytes] as const;
      return (await redis.availabilityWriteDays(...writeArgs(ordinal), ...args, ...dated)) === 1;
    },
    fill: (windows) => eachRun(windows, fillRun),
    async forget(ordinal) {
      await redis.availabilityForget(...writeArgs(ordinal));
    },
  };
}
