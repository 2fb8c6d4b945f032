import { randomUUIDv7 } from 'node:crypto';

import type * as z from 'zod';

import { SynchronisationRequested } from '../../schemas/events/jobs.v1.ts';
import type { Database } from '../../shared/db/client.ts';
import { enqueue, outgoing } from '../../shared/db/outbox.ts';
import { cronOutbox } from '../../shared/db/schema/cron.ts';
import { hasNewPreferences } from '../../shared/db/release-preferences.ts';
import { hasStaleRows } from '../../shared/db/stale-rows.ts';
import { periodOf, type Task, type TaskContext } from './task.ts';

type Scope = z.infer<typeof SynchronisationRequested.data>['scope'];

/** Asks for the availability of practitioners whose rows are stale to be derived anew. */
export function requestSynchronisation(cron: Database, practitioner: Database): Task {
  return request(cron, 'availability', () => hasStaleRows(practitioner));
}

/** Asks for results that are held to be decided on anew where their patients prefer something else by now. */
export function requestResultSynchronisation(cron: Database, laboratory: Database): Task {
  return request(cron, 'results', () => hasNewPreferences(laboratory));
}

/** A minute in which nothing is out of step asks for nothing. */
function request(cron: Database, scope: Scope, isOutOfStep: () => Promise<boolean>): Task {
  return {
    name: `request-${scope}-synchronisation`,
    every: 'minute',
    async run(task) {
      if (!(await isOutOfStep())) return 0;
      await enqueue(cron, cronOutbox, [jobOf(scope, task)]);
      return 1;
    },
  };
}

/** A minute that is run again asks for the same job. */
function jobOf(scope: Scope, { now, traceparent }: TaskContext) {
  const idempotencyKey = `${scope}:${periodOf({ every: 'minute' }, now).toString()}`;
  const deadline = now.add({ minutes: SynchronisationRequested.policy.withinMinutes }).toString();
  return outgoing(SynchronisationRequested, {
    id: randomUUIDv7(),
    subject: scope,
    partitionKey: scope,
    time: now,
    traceparent,
    data: { idempotencyKey, deadline, scope },
  });
}
