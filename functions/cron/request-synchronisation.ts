import { randomUUIDv7 } from 'node:crypto';

import { SynchronisationRequested } from '../../schemas/events/jobs.v1.ts';
import type { Database } from '../../shared/db/client.ts';
import { enqueue, outgoing } from '../../shared/db/outbox.ts';
import { cronOutbox } from '../../shared/db/schema/cron.ts';
import { hasStaleRows } from '../../shared/db/stale-rows.ts';
import { periodOf, type Task, type TaskContext } from './task.ts';

/** Asks for what is out of step to be brought in step; a minute in which nothing is asks for nothing. */
export function requestSynchronisation(cron: Database, practitioner: Database): Task {
  return {
    name: 'request-synchronisation',
    every: 'minute',
    async run(task) {
      if (!(await hasStaleRows(practitioner))) return 0;
      await enqueue(cron, cronOutbox, [jobOf('availability', task)]);
      return 1;
    },
  };
}

/** A minute that is run again asks for the same job. */
function jobOf(scope: 'availability', { now, traceparent }: TaskContext) {
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
