/** Time from `start` up to and without `end`, `[)` as in PostgreSQL's ranges. */
export type Interval = { readonly start: Temporal.Instant; readonly end: Temporal.Instant };

export function overlap(one: Interval, other: Interval): boolean {
  return (
    one.start.epochMilliseconds < other.end.epochMilliseconds &&
    other.start.epochMilliseconds < one.end.epochMilliseconds
  );
}

/** The same time in the fewest intervals, in order. */
export function union(intervals: readonly Interval[]): Interval[] {
  const merged: Interval[] = [];
  for (const next of intervals.toSorted(byStart)) {
    const last = merged.at(-1);
    if (last === undefined || next.start.epochMilliseconds > last.end.epochMilliseconds) merged.push(next);
    else merged[merged.length - 1] = { start: last.start, end: later(last.end, next.end) };
  }
  return merged;
}

/** What is left of `intervals` without `holes`, in order. */
export function subtract(intervals: readonly Interval[], holes: readonly Interval[]): Interval[] {
  return holes.reduce<Interval[]>(
    (left, hole) => left.flatMap((interval) => without(interval, hole)),
    union(intervals),
  );
}

/** Whether one of `intervals`, a union, holds all of `wanted`. */
export function covers(intervals: readonly Interval[], wanted: Interval): boolean {
  const [start, end] = [wanted.start.epochMilliseconds, wanted.end.epochMilliseconds];
  return intervals.some((one) => one.start.epochMilliseconds <= start && end <= one.end.epochMilliseconds);
}

function without(interval: Interval, hole: Interval): Interval[] {
  if (!overlap(interval, hole)) return [interval];
  const before = { start: interval.start, end: hole.start };
  const after = { start: hole.end, end: interval.end };
  return [before, after].filter(({ start, end }) => start.epochMilliseconds < end.epochMilliseconds);
}

function later(one: Temporal.Instant, other: Temporal.Instant): Temporal.Instant {
  return one.epochMilliseconds < other.epochMilliseconds ? other : one;
}

function byStart(one: Interval, other: Interval): number {
  return one.start.epochMilliseconds - other.start.epochMilliseconds;
}
