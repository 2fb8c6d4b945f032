import type { IncomingMessage, ServerResponse } from 'node:http';

import type { FastifyInstance, FastifyReply } from 'fastify';

import type { CareflowFunction } from './function.ts';
import { answerUnavailable, problem, problemMediaType } from './problem.ts';

const up = { status: 'up' };
const live = ['/health/live', '/health/liveness'];
const startup = ['/health/startup'];
const ready = ['/health/ready', '/health/readiness'];

type ProbeOptions = {
  /** How long a dependency may take to answer `/health/ready`. */
  readonly timeoutMs: number;
  readonly isDraining: () => boolean;
};

/** Live: the process answers. Startup: its function is open. Ready: what it needs answers too, and it is to stay. */
export function registerProbes(app: FastifyInstance, fn: CareflowFunction, options: ProbeOptions): void {
  const answerUp = async (): Promise<typeof up> => up;
  const answerReady = async (_request: unknown, reply: FastifyReply): Promise<unknown> => {
    if (options.isDraining()) return notReady(reply, 'Shutting down.', {});
    const failing = await failingOf(fn, options.timeoutMs);
    return failing.length > 0 ? notReady(reply, 'A dependency does not answer.', { failing }) : up;
  };
  for (const url of [...live, ...startup]) app.get(url, answerUp);
  for (const url of ready) app.get(url, answerReady);
}

/** For Prometheus, from inside the cluster. */
export function registerMetrics(app: FastifyInstance, metrics: () => Promise<string>): void {
  app.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics()),
  );
}

/** Answers a probe while the function is being opened; what is none it leaves alone. */
export function answerEarlyProbe({ method, url = '' }: IncomingMessage, response: ServerResponse): boolean {
  if (method !== 'GET') return false;
  if (live.includes(url)) {
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(up));
    return true;
  }
  if (![...startup, ...ready].includes(url)) return false;
  answerUnavailable(response, 'The function is being opened.');
  return true;
}

function notReady(reply: FastifyReply, detail: string, details: Readonly<Record<string, unknown>>): FastifyReply {
  return reply
    .code(503)
    .type(problemMediaType)
    .send(JSON.stringify(problem('unavailable', { detail, details })));
}

async function failingOf({ dependencies }: CareflowFunction, timeoutMs: number): Promise<string[]> {
  const names = Object.keys(dependencies);
  const answers = await Promise.all(Object.values(dependencies).map((answers) => answersWithin(answers, timeoutMs)));
  return names.filter((_, index) => !answers[index]);
}

async function answersWithin(check: () => Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(resolve, timeoutMs, false);
  try {
    return await Promise.race([check().then(() => true), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
