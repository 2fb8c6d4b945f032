/** Time, handed in so that a test can move it. */
export type Clock = {
  now(): Temporal.Instant;
  /** Runs once when the delay has passed; what it answers calls that off. */
  after(delayMs: number, run: () => void): () => void;
};

/** The longest delay of a timer; a longer one is taken in pieces. */
const longestMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Temporal.Now.instant(),
  after(delayMs, run) {
    let rest = delayMs;
    const take = () => {
      const piece = Math.min(rest, longestMs);
      rest -= piece;
      return setTimeout(() => (rest > 0 ? (timer = take()) : run()), piece);
    };
    let timer = take();
    return () => clearTimeout(timer);
  },
};

/** Resolves when the delay has passed; rejects with the signal's reason when that comes first. */
export function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(toError(signal));
    const abort = () => {
      cancel();
      reject(toError(signal));
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
    signal?.addEventListener('abort', abort, { once: true });
  });
}

function toError(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new Error('stopped');
}

/** Resolves with `true` when the work ends within the delay, with `false` otherwise; the work goes on. */
export async function endsWithin(clock: Clock, delayMs: number, work: Promise<unknown>): Promise<boolean> {
  if (delayMs <= 0) return false;
  const over = Promise.withResolvers<boolean>();
  const cancel = clock.after(delayMs, () => over.resolve(false));
  try {
    return await Promise.race([work.then(() => true), over.promise]);
  } finally {
    cancel();
  }
}
