import type { DayBits } from '../domain/day-bits.ts';
import { placeOf, type Layout, type Place } from './availability-layout.ts';
import { encodeRow, epochDay, type EpochDay } from './availability-row.ts';

/** A practitioner's days from `start` on, as many as a window has. */
export type Window = {
  readonly ordinal: number;
  readonly start: Temporal.PlainDate;
  readonly days: readonly DayBits[];
};

/** Rows that stand side by side in one block and whose windows start on the same day. */
export type Run = { readonly place: Place; readonly windowStart: EpochDay; readonly rows: Buffer };

type OpenRun = { place: Place; windowStart: EpochDay; rows: Buffer[]; end: number };

/** Joins windows whose ordinals follow one another. */
export async function* runsOf(layout: Layout, windows: AsyncIterable<Window> | Iterable<Window>): AsyncGenerator<Run> {
  let run: OpenRun | undefined;
  for await (const { ordinal, start, days } of windows) {
    const place = placeOf(layout, ordinal);
    const windowStart = epochDay(start);
    const row = encodeRow(layout, windowStart, days);
    if (run && run.place.key === place.key && run.end === place.offset && run.windowStart === windowStart) {
      run.rows.push(row);
    } else {
      if (run) yield closed(run);
      run = { place, windowStart, rows: [row], end: place.offset };
    }
    run.end += layout.rowBytes;
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

function closed({ place, windowStart, rows }: OpenRun): Run {
  return { place, windowStart, rows: Buffer.concat(rows) };
}
