import { setTimeout as sleep } from 'node:timers/promises';

import closeWithGrace from 'close-with-grace';

import type { CareflowFunction } from './function.ts';
import { buildServer } from './server.ts';
import type { ServerOptions } from './server.ts';

export type ServeOptions = Omit<ServerOptions, 'isDraining'> & {
  readonly port: number;
  readonly host?: string;
  /** How long requests are still taken after SIGTERM, while whoever routes to us learns of it. */
  readonly drainDelayMs: number;
  /** After this the process exits with 1, whatever is still under way. */
  readonly drainDeadlineMs: number;
};

/**
 * Serves a function until SIGTERM or SIGINT. Then it says that it is not ready, goes on answering for the drain delay
 * (Knative sends requests for a while after the signal) and asks each client to reconnect elsewhere, lets what is
 * under way finish, closes the function and exits with 0. A second signal, or the deadline, exits with 1.
 * @returns the address it listens on.
 */
export async function serve(fn: CareflowFunction, options: ServeOptions): Promise<string> {
  const { log, port, host = '0.0.0.0', drainDelayMs, drainDeadlineMs } = options;
  let draining = false;
  const app = buildServer(fn, { ...options, isDraining: () => draining });
  closeWithGrace({ delay: drainDeadlineMs, logger: log }, async ({ signal, err }) => {
    draining = true;
    if (err) log.fatal({ err }, 'stopping after an error nobody caught');
    else log.info({ signal }, 'draining');
    await sleep(err ? 0 : drainDelayMs);
    await app.close();
    await fn.close();
    log.info('closed');
    log.flush();
  });
  return app.listen({ port, host });
}
