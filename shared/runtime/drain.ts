import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import closeWithGrace from 'close-with-grace';
import type { Logger } from 'pino';

export type DrainOptions = {
  readonly log: Logger;
  /** How long requests are still taken after the signal, while whoever routes to us learns of it. */
  readonly drainDelayMs: number;
  /** After this the process exits with 1, whatever is still under way. */
  readonly drainDeadlineMs: number;
};

export type Drainable = {
  /** Says from now on that it is going. */
  readonly drain: () => void;
  /** Finishes what is under way and closes. */
  readonly stop: () => Promise<void>;
};

/**
 * On SIGTERM or SIGINT: says that it is going, waits for the drain delay (Knative sends requests for a while after the
 * signal), stops and exits with 0. A second signal, the deadline or an error nobody caught exits with 1.
 */
export function drainOnSignal({ log, drainDelayMs, drainDeadlineMs }: DrainOptions, { drain, stop }: Drainable): void {
  closeWithGrace({ delay: drainDeadlineMs, logger: log }, async ({ signal, err }) => {
    drain();
    if (err) log.fatal({ err }, 'stopping after an error nobody caught');
    else log.info({ signal }, 'draining');
    if (!err) await sleep(drainDelayMs);
    await stop();
    log.info('stopped');
  });
}

const lingerMs = 200;

/**
 * Closes the server and waits for it. Connections that were opened ahead and carry no request would keep it open, so
 * once nothing is under way they are cut.
 */
export async function closed(server: Server, isIdle: () => boolean): Promise<void> {
  const done = new Promise<true>((resolve) => server.close(() => resolve(true)));
  while (!(await Promise.race([done, sleep(lingerMs, false)]))) if (isIdle()) server.closeAllConnections();
}
