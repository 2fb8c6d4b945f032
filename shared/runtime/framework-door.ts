import { subscribe } from 'node:diagnostics_channel';
import { IncomingMessage, Server } from 'node:http';
import type { ServerResponse } from 'node:http';

import type { FastifyInstance } from 'fastify';

import { ConfigError } from './config.ts';
import { closed, drainOnSignal } from './drain.ts';
import type { Drainable } from './drain.ts';
import type { Environment, OpenFunction } from './function.ts';
import { answerUnavailable } from './problem.ts';
import { keepAliveTimeoutMs } from './serve.ts';
import { buildServer } from './server.ts';
import { readSettings } from './settings.ts';
import type { RuntimeSettings } from './settings.ts';

/** What functions-framework's `http()` takes. */
type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Makes functions into what functions-framework takes: opened by the first request, and answered by the same server as
 * behind the other door.
 */
export function frameworkDoor(environment: Environment): (name: string, load: () => Promise<OpenFunction>) => Handler {
  const arrivals = watchArrivals();
  return (name, load) => {
    let opening: Promise<FastifyInstance> | undefined;
    return async (request, response) => {
      arrivals.restore(request);
      try {
        opening ??= open(name, load, environment, arrivals.server);
        const app = await opening;
        app.routing(request, response);
      } catch (error) {
        opening = undefined;
        console.error(error instanceof ConfigError ? error.message : error);
        // The next request tries again: what is missing may come.
        answerUnavailable(response, 'The function cannot be opened.');
      }
    };
  };
}

async function open(
  name: string,
  load: () => Promise<OpenFunction>,
  environment: Environment,
  server: () => Server | undefined,
): Promise<FastifyInstance> {
  const settings = readSettings(name, environment);
  const openFunction = await load();
  const fn = await openFunction(environment, settings.log);
  const app = buildServer(fn, settings);
  drainInstead(settings, {
    drain: app.drain,
    stop: async () => {
      await stop(server(), app);
      await fn.close();
    },
  });
  await app.ready();
  return app;
}

/** The framework answers 500 to what is under way and exits at once, so its handlers make way for ours. */
function drainInstead(settings: RuntimeSettings, drainable: Drainable): void {
  for (const signal of ['SIGTERM', 'SIGINT']) process.removeAllListeners(signal);
  drainOnSignal(settings, drainable);
}

async function stop(server: Server | undefined, app: FastifyInstance): Promise<void> {
  if (server) await closed(server, app.isIdle);
  await app.close();
}

type Arrivals = {
  /** Gives a request back what was hidden from the framework. */
  readonly restore: (request: IncomingMessage) => void;
  /** The framework's own, known once a request has arrived. */
  readonly server: () => Server | undefined;
};

/**
 * The framework reads bodies of up to 1 GiB before it calls a function, inflates them and answers malformed JSON with a
 * page of its own; a body without a media type it leaves alone. Node tells of each request before the server does: the
 * media type is hidden then and restored here, so limits and refusals are the same behind both doors.
 */
function watchArrivals(): Arrivals {
  const mediaTypes = new WeakMap<IncomingMessage, string>();
  let server: Server | undefined;
  subscribe('http.server.request.start', (arrival) => {
    if (!isArrival(arrival)) return;
    const { request } = arrival;
    const mediaType = request.headers['content-type'];
    if (mediaType !== undefined) mediaTypes.set(request, mediaType);
    delete request.headers['content-type'];
    server = arrival.server;
    server.keepAliveTimeout = keepAliveTimeoutMs;
  });
  return {
    restore: (request) => {
      const mediaType = mediaTypes.get(request);
      if (mediaType !== undefined) request.headers['content-type'] = mediaType;
    },
    server: () => server,
  };
}

function isArrival(message: unknown): message is { readonly request: IncomingMessage; readonly server: Server } {
  if (typeof message !== 'object' || message === null || !('request' in message && 'server' in message)) return false;
  return message.request instanceof IncomingMessage && message.server instanceof Server;
}
