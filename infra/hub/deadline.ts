import { setTimeout as delay } from 'node:timers/promises';

/** Rejects when the work has not come to an end in time, for libraries that would wait for ever. */
export async function within<Result>(ms: number, what: string, work: Promise<Result>): Promise<Result> {
  const stopping = new AbortController();
  const late = delay(ms, undefined, { signal: stopping.signal }).then((): never => {
    throw new Error(`${what} took longer than ${ms / 1_000} s.`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    stopping.abort();
    late.catch(() => undefined);
  }
}
