import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { Pool } from 'undici';

import { operations } from '../contracts/contracts.ts';
import { createDocsPages } from './docs-pages.ts';
import { portOf, stop } from './http-server.ts';
import { pass } from './knative/proxy.ts';
import type { Serving } from './knative/serving.ts';
import { MissingRequirement } from './services/missing-requirement.ts';

export type GatewayOptions = {
  readonly port: number;
  readonly functions: Pick<Serving, 'handle'>;
  /** Addresses of the local helpers by the path they answer under. */
  readonly helpers: Readonly<Record<string, string>>;
  /** The sample data's ids for `GET /samples`. */
  readonly samples: () => Promise<unknown>;
};

export type Gateway = {
  readonly url: string;
  /** Takes no new connections and lets answers under way finish. */
  stop(): Promise<void>;
};

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/** Longer than any client keeps an idle connection, as the functions do. */
const KEEP_ALIVE_MS = 95_000;

/** For whatever is shown in a browser. */
const PROTECTION = [
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  ['referrer-policy', 'no-referrer'],
] as const;

/** The one address of the platform: a path goes to the function whose contract has it, or to a local helper. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const find = createRouter(options);
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 }, (request, response) => {
    for (const [name, value] of PROTECTION) response.setHeader(name, value);
    find(request)(request, response);
  });
  // Who can reach this can read every message and be anybody: nobody but this machine.
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening').catch(() => Promise.reject(portInUse(options.port)));
  return { url: `http://localhost:${portOf(server)}`, stop: () => stop(server) };
}

/** As it was sent: nothing is taken for another path than the function will see. */
function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}

export function portInUse(port: number): MissingRequirement {
  return new MissingRequirement(
    `Port ${port} is in use by another program`,
    `Stop that program, or choose another port: CAREFLOW_PORT=${port + 1} npm start`,
  );
}

function createRouter({ functions, helpers, samples }: GatewayOptions): (request: IncomingMessage) => Handle {
  const passages = Object.entries(helpers).map(([prefix, url]) => ({ prefix, handle: passTo(url) }));
  const routes = Object.entries(operations).flatMap(([workload, contracts]) =>
    contracts.map(({ path }) => ({ pattern: patternOf(path), handle: callOf(functions, workload) })),
  );
  const docs = createDocsPages();
  const pageOf = (path: string): Handle | undefined =>
    path === '/samples' ? (_, response) => void answerSamples(samples, response) : docs(path);
  return (request) => {
    const path = pathOf(request);
    const page = request.method === 'GET' || request.method === 'HEAD' ? pageOf(path) : undefined;
    const passage = passages.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`));
    return page ?? passage?.handle ?? routes.find(({ pattern }) => pattern.test(path))?.handle ?? notFound;
  };
}

function callOf(functions: Pick<Serving, 'handle'>, workload: string): Handle {
  return (request, response) => {
    // What a client says of its address is not believed: the functions count requests by it.
    request.headers['x-forwarded-for'] = request.socket.remoteAddress ?? '';
    functions.handle(workload, request, response);
  };
}

function passTo(url: string): Handle {
  const pool = new Pool(new URL(url).origin);
  return (request, response) => void pass(pool, request, response);
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}/?$`);
}

async function answerSamples(samples: () => Promise<unknown>, response: ServerResponse): Promise<void> {
  try {
    answerJson(response, 200, 'application/json', await samples());
  } catch {
    answerProblem(response, 503, 'The sample data cannot be read at the moment.');
  }
}

const notFound: Handle = (_, response) => {
  answerProblem(response, 404, 'There is no such path. GET /docs lists those there are.');
};

function answerProblem(response: ServerResponse, status: number, detail: string): void {
  const title = status === 404 ? 'Not Found' : 'Service Unavailable';
  answerJson(response, status, 'application/problem+json', { type: 'about:blank', title, status, detail });
}

function answerJson(response: ServerResponse, status: number, type: string, body: unknown): void {
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
}
