import { setTimeout as delay } from 'node:timers/promises';

import type { Logger } from 'pino';

/** Sends what the outbox holds unsent under these keys, in order per key. */
export type SendUnsent = (keys: readonly string[]) => Promise<unknown>;

export type Publisher = {
  /**
   * Tells that events with these keys are committed. They are sent at once, in batches, while the caller goes on:
   * what fails or is cut off stays in the outbox, where the cron's sweep finds it.
   */
  publish(keys: readonly string[]): void;
  /** Resolves when nothing is under way any more. */
  drain(): Promise<void>;
};

/**
 * From the beginning of one batch to that of the next. The first after a pause leaves at once; where commits follow one
 * another faster they share what sending costs, which is more than what it takes to make them.
 */
const INTERVAL_MS = 10;

/** A batch is sent while the next one gathers, so many commits share one round trip. */
export function createPublisher(sendUnsent: SendUnsent, log: Logger): Publisher {
  let waiting = new Set<string>();
  let sending: Promise<void> | undefined;

  async function sendAll(): Promise<void> {
    while (waiting.size > 0) {
      const interval = delay(INTERVAL_MS);
      const keys = [...waiting];
      waiting = new Set();
      await sendUnsent(keys).catch((error: unknown) => {
        log.warn({ err: error, keys: keys.length }, 'events stay in the outbox until the next sweep');
      });
      await interval;
    }
    sending = undefined;
  }

  return {
    publish(keys) {
      for (const key of keys) waiting.add(key);
      // With nothing to send it would be over before it is kept here, and kept for ever.
      if (waiting.size > 0) sending ??= sendAll();
    },
    drain: () => sending ?? Promise.resolve(),
  };
}
