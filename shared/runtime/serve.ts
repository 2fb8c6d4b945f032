import { closed, drainOnSignal } from './drain.ts';
import type { DrainOptions } from './drain.ts';
import type { CareflowFunction } from './function.ts';
import { buildServer } from './server.ts';
import type { ServerOptions } from './server.ts';

export type ServeOptions = ServerOptions & DrainOptions & { readonly port: number; readonly host?: string };

/**
 * Serves a function until SIGTERM or SIGINT, and then drains: it says that it is not ready, goes on answering for the
 * drain delay while it asks each client to reconnect elsewhere, lets what is under way finish and closes the function.
 * @returns the address it listens on.
 */
export async function serve(fn: CareflowFunction, options: ServeOptions): Promise<string> {
  const app = buildServer(fn, options);
  drainOnSignal(options, {
    drain: app.drain,
    stop: async () => {
      await closed(app.server, app.close(), app.isIdle);
      await fn.close();
    },
  });
  return app.listen({ port: options.port, host: options.host ?? '0.0.0.0' });
}
