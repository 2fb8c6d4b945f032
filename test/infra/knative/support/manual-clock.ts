import { vi } from 'vitest';
import type { Clock } from '../../../../infra/local/knative/clock.ts';
import { waitOptions } from './control.ts';

type Timer = { atMs: number; delayMs: number; run: () => void };

/** A clock that stands still until the test moves it. */
export type ManualClock = Clock & {
  /** Moves the time, running what falls due, in order. */
  advance(ms: number): void;
  /** Whether somebody waits for exactly that delay. */
  isAwaited(delayMs: number): boolean;
  /** Resolves when somebody does. */
  awaited(delayMs: number): Promise<void>;
  /** The delays asked for, in order, those called off included. */
  readonly asked: number[];
};

export function createManualClock(start = '2026-03-02T08:00:00Z'): ManualClock {
  let nowMs = Temporal.Instant.from(start).epochMilliseconds;
  const timers = new Set<Timer>();
  const asked: number[] = [];
  const nextDue = (untilMs: number) =>
    [...timers].filter(({ atMs }) => atMs <= untilMs).toSorted((one, other) => one.atMs - other.atMs)[0];
  const isAwaited = (delayMs: number) => [...timers].some((timer) => timer.delayMs === delayMs);
  return {
    asked,
    isAwaited,
    now: () => Temporal.Instant.fromEpochMilliseconds(nowMs),
    after(delayMs, run) {
      const timer = { atMs: nowMs + delayMs, delayMs, run };
      asked.push(delayMs);
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      const endMs = nowMs + ms;
      for (let timer = nextDue(endMs); timer; timer = nextDue(endMs)) {
        timers.delete(timer);
        nowMs = timer.atMs;
        timer.run();
      }
      nowMs = endMs;
    },
    awaited: (delayMs) =>
      vi.waitFor(() => {
        if (!isAwaited(delayMs)) throw new Error(`nobody waits for ${delayMs} ms`);
      }, waitOptions),
  };
}
