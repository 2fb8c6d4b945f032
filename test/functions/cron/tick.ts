import { randomUUID } from 'node:crypto';

import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';

import { MinuteTicked } from '../../../schemas/events/platform.v1.ts';
import { type Deps, runTick } from '../../../functions/cron/run-tick.ts';
import type { TaskContext } from '../../../functions/cron/task.ts';
import { subscribe } from '../../../shared/runtime/route.ts';
import { buildServer } from '../../../shared/runtime/server.ts';

const log = pino({ level: 'silent' });

/** A function that does nothing but tick, behind its door. */
export function tickingServer(deps: Deps): FastifyInstance {
  return buildServer(
    {
      name: 'cron',
      routes: [],
      subscriptions: [subscribe(MinuteTicked, runTick(deps))],
      dependencies: {},
      close: () => Promise.resolve(),
    },
    { log, requestTimeoutMs: 60_000 },
  );
}

/** Delivers a tick as a PingSource does. @returns the status of the answer. */
export async function tick(server: FastifyInstance, time: Temporal.Instant): Promise<number> {
  const { statusCode } = await server.inject({
    method: 'POST',
    url: '/events',
    headers: {
      'ce-specversion': '1.0',
      'ce-type': 'dev.knative.sources.ping',
      'ce-source': '/apis/v1/namespaces/careflow/pingsources/every-minute',
      'ce-id': randomUUID(),
      'ce-time': time.toString(),
      'content-type': 'application/json',
    },
    payload: '{}',
  });
  return statusCode;
}

/** What a task is lent by a tick that has time. */
export function taskContext(context: Partial<TaskContext> = {}): TaskContext {
  return {
    now: Temporal.Now.instant(),
    signal: new AbortController().signal,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    log,
    ...context,
  };
}
