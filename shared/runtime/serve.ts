import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { FastifyInstance } from 'fastify';

import { answerClientError } from './client-error.ts';
import { closed, drainOnSignal } from './drain.ts';
import type { DrainOptions } from './drain.ts';
import type { CareflowFunction } from './function.ts';
import { answerEarlyProbe } from './probes.ts';
import type { ServerOptions } from './server.ts';

export type ServeOptions = ServerOptions & DrainOptions & { readonly port: number };

/** Above the 90 s for which Knative's queue-proxy keeps idle connections, or it would send into a closed one. */
export const keepAliveTimeoutMs = 95_000;
const receiveTimeoutMs = 30_000;

type Opened = { readonly fn: CareflowFunction; readonly app: FastifyInstance };

/**
 * Listens, and opens the function behind it: until it is open probes say so and all else waits. On SIGTERM or SIGINT it
 * drains: it says that it is not ready, goes on answering for the drain delay while it asks each client to reconnect
 * elsewhere, lets what is under way finish and closes the function.
 * @returns the address it listens on, when the function is open.
 */
export async function serve(open: () => Promise<CareflowFunction>, options: ServeOptions): Promise<string> {
  const server = createServer({
    keepAliveTimeout: keepAliveTimeoutMs,
    requestTimeout: receiveTimeoutMs,
    headersTimeout: receiveTimeoutMs / 2,
  });
  server.setTimeout((options.requestTimeoutMs ?? 30_000) + receiveTimeoutMs);
  server.on('clientError', answerClientError);
  // Without a host it is every address, of IPv4 and IPv6.
  const listening = once(server.listen(options.port), 'listening');
  const opening = listening.then(() => openBehind(open, options));
  answerBehind(server, opening);
  drainOnSignal(options, {
    drain: () => void opening.then(({ app }) => app.drain()),
    stop: async () => {
      const { app, fn } = await opening;
      await closed(server, app.isIdle);
      await app.close();
      await fn.close();
    },
  });
  await opening;
  return addressOf(server);
}

/** In parts: whoever asks meanwhile is answered between them. */
async function openBehind(open: () => Promise<CareflowFunction>, options: ServeOptions): Promise<Opened> {
  const { buildServer } = await import('./server.ts');
  await othersTurn();
  const fn = await open();
  await othersTurn();
  const app = buildServer(fn, options);
  await app.ready();
  return { fn, app };
}

/** One turn of the event loop takes new connections, the next reads what came over them. */
async function othersTurn(): Promise<void> {
  await nextTurn();
  await nextTurn();
}

/** Hands requests to the function: until it is open they wait, but for probes. */
function answerBehind(server: Server, opening: Promise<Opened>): void {
  server.on('request', (request, response) => {
    if (answerEarlyProbe(request, response)) return;
    opening.then(({ app }) => app.routing(request, response)).catch(() => response.destroy());
  });
  opening.then(({ app }) => server.removeAllListeners('request').on('request', app.routing)).catch(() => undefined);
}

function addressOf(server: Server): string {
  const address = server.address();
  return typeof address === 'object' && address !== null ? `http://localhost:${address.port}` : String(address);
}
