import type { DayBits } from '../domain/day-bits.ts';
import type { Layout } from './availability-layout.ts';
import type { Block, Places } from './availability-places.ts';
import { encodeRow, epochDay, type EpochDay } from './availability-row.ts';

/** A practitioner's days from `start` on, as many as a window has. */
export type Window = {
  readonly ordinal: number;
  readonly start: Temporal.PlainDate;
  readonly days: readonly DayBits[];
};

/** Rows of ordinals that follow one another in one block, whose windows start on the same day. */
export type Run = {
  readonly first: number;
  readonly count: number;
  readonly windowStart: EpochDay;
  readonly rows: Buffer;
};

type OpenRun = {
  readonly block: Block;
  readonly first: number;
  readonly windowStart: EpochDay;
  readonly rows: Buffer[];
};

export async function* runsOf(
  layout: Layout,
  places: Places,
  windows: AsyncIterable<Window> | Iterable<Window>,
): AsyncGenerator<Run> {
  let run: OpenRun | undefined;
  for await (const { ordinal, start, days } of windows) {
    const { block } = places.of(ordinal);
    const windowStart = epochDay(start);
    const row = encodeRow(layout, windowStart, days);
    const follows = run?.block === block && run.first + run.rows.length === ordinal && run.windowStart === windowStart;
    if (run && follows) {
      run.rows.push(row);
    } else {
      if (run) yield closed(run);
      run = { block, first: ordinal, windowStart, rows: [row] };
    }
  }
  if (run) yield closed(run);
}

/** The same in groups of `size`, the last one smaller. */
export async function* batched<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    if (batch.push(item) < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function closed({ first, windowStart, rows }: OpenRun): Run {
  return { first, count: rows.length, windowStart, rows: Buffer.concat(rows) };
}
