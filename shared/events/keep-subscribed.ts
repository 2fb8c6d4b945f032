import { setTimeout as delay } from 'node:timers/promises';

import { AppError } from '../errors.ts';
import type { Subscription } from './event-log.ts';

export type SubscriptionRun = {
  /** Aborts when the subscription stops: take no further records, finish, commit, leave. */
  readonly signal: AbortSignal;
  /** Says that the group is joined and every position known. */
  joined(): void;
  /** Stops the subscription for good. */
  fail(error: Error): void;
};

const JOIN_DEADLINE_MS = 30_000;

/** Runs a member of a group until it is stopped; `run` resolves when it has left, and does not reject. */
export async function keepSubscribed(
  group: string,
  run: (subscription: SubscriptionRun) => Promise<void>,
): Promise<Subscription> {
  const stopping = new AbortController();
  const joined = Promise.withResolvers<true>();
  const failed = Promise.withResolvers<Error>();
  const stop = async () => {
    stopping.abort();
    await running;
  };
  const running = run({
    signal: stopping.signal,
    joined: () => joined.resolve(true),
    fail: (error) => void stop().then(() => failed.resolve(error)),
  });
  if (!(await Promise.race([joined.promise, delay(JOIN_DEADLINE_MS, false, { ref: false })]))) {
    await stop();
    throw new AppError('unavailable', `the event log let nobody join ${group}`);
  }
  return { stop, failed: failed.promise };
}

/** Resolves after the time, or at once when the signal aborts. */
export async function pause(timeoutMs: number, signal: AbortSignal): Promise<void> {
  await delay(timeoutMs, undefined, { signal }).catch(() => undefined);
}
