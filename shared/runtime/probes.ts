import type { FastifyInstance, FastifyReply } from 'fastify';

import type { CareflowFunction } from './function.ts';
import { problemMediaType, problem } from './problem.ts';

type ProbeOptions = {
  /** How long a dependency may take to answer `/health/ready`. */
  readonly timeoutMs: number;
  readonly isDraining: () => boolean;
};

/** Live: the process answers. Startup: its function is open. Ready: what it needs answers too, and it is to stay. */
export function registerProbes(app: FastifyInstance, fn: CareflowFunction, options: ProbeOptions): void {
  const up = async (): Promise<{ status: string }> => ({ status: 'up' });
  const ready = async (_request: unknown, reply: FastifyReply): Promise<unknown> => {
    if (options.isDraining()) return notReady(reply, 'Shutting down.', {});
    const failing = await failingOf(fn, options.timeoutMs);
    return failing.length > 0 ? notReady(reply, 'A dependency does not answer.', { failing }) : { status: 'up' };
  };
  for (const url of ['/health/live', '/health/liveness', '/health/startup']) app.get(url, up);
  for (const url of ['/health/ready', '/health/readiness']) app.get(url, ready);
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
