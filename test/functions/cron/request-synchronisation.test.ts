import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { requestSynchronisation } from '../../../functions/cron/request-synchronisation.ts';
import { runJob } from '../../../functions/worker/run-job.ts';
import { synchronise } from '../../../functions/worker/synchronise.ts';
import { SynchronisationRequested } from '../../../schemas/events/jobs.v1.ts';
import { cronOutbox } from '../../../shared/db/schema/cron.ts';
import { practitionerOutbox, staleRows } from '../../../shared/db/schema/practitioner.ts';
import { openRedis } from '../../../shared/redis/client.ts';
import { createRedisDatabase } from '../../support/services/redis-database.ts';
import { addPractice, connectAdmin } from '../../support/practices.ts';
import { openContexts, type TestContexts } from './contexts.ts';
import { taskContext } from './tick.ts';

const noon = Temporal.Instant.from('2031-03-03T12:00:20Z');

let contexts: TestContexts;
beforeAll(async () => {
  contexts = await openContexts();
});
afterAll(() => contexts.close());
beforeEach(async () => {
  await contexts.practitioner.delete(staleRows);
  await contexts.practitioner.delete(practitionerOutbox);
  await contexts.cron.delete(cronOutbox);
});

function request(now = noon): Promise<number | undefined> {
  return requestSynchronisation(contexts.cron, contexts.practitioner).run(taskContext({ now }));
}

async function listJobs() {
  const rows = await contexts.cron.select().from(cronOutbox).orderBy(cronOutbox.seq);
  return rows.map(({ event }) => ({
    ...event,
    type: SynchronisationRequested.type,
    data: SynchronisationRequested.data.parse(event.data),
  }));
}

/** A practitioner whose row of the bitmap lacks something. */
async function stale(): Promise<string> {
  const admin = connectAdmin(contexts.url);
  const { practitionerId } = await addPractice(admin);
  await contexts.practitioner.insert(staleRows).values({ country: 'fr', practitionerId });
  await admin.$client.end();
  return practitionerId;
}

describe('keeping stores in step', () => {
  it('asks for nothing while nothing is out of step', async () => {
    expect([await request(), await listJobs()]).toEqual([0, []]);
  });

  it('asks once a minute for what is, however often the minute is run', async () => {
    await stale();
    await request();
    await request(noon.add({ seconds: 10 }));
    await request(noon.add({ minutes: 1 }));
    const keys = (await listJobs()).map(({ data }) => data.idempotencyKey);
    expect(new Set(keys)).toEqual(new Set(['availability:2031-03-03T12:00:00Z', 'availability:2031-03-03T12:01:00Z']));
  });

  function worker(redisUrl: string) {
    const redis = openRedis(redisUrl);
    const deps = { db: contexts.worker, contexts, practitioners: contexts.practitioner, redis, now: () => noon };
    return { redis, run: runJob(deps, SynchronisationRequested, synchronise(deps)) };
  }

  it('has what is stale derived anew, once for a minute', async () => {
    const practitionerId = await stale();
    await request();
    await request();
    const { run, redis } = worker(await createRedisDatabase());
    for (const event of await listJobs()) await run(event, taskContext());
    const told = await contexts.practitioner.select().from(practitionerOutbox);
    expect(told.map(({ topic, event }) => ({ topic, type: event.type, data: event.data }))).toEqual([
      {
        topic: 'practitioner-events',
        type: 'careflow.practitioner-schedule.changed.v1',
        data: { practitionerId, country: 'fr', version: 1, from: '2031-03-03' },
      },
    ]);
    redis.disconnect();
  });

  it('tells nobody while Redis, which is to be brought in step, is away', async () => {
    await stale();
    await request(noon.add({ minutes: 5 }));
    const { run, redis } = worker('redis://127.0.0.1:1');
    const [event] = await listJobs();
    if (!event) throw new Error('no job');
    await expect(run(event, taskContext())).rejects.toMatchObject({ code: 'unavailable' });
    expect(await contexts.practitioner.select().from(practitionerOutbox)).toEqual([]);
    redis.disconnect();
  });
});
