import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pino } from 'pino';

import { checkHealth } from '../../../functions/cron/check-health.ts';
import { readMetrics } from '../../../functions/cron/metrics.ts';
import { minuteLimits } from '../../../functions/cron/run-tick.ts';
import { enqueue } from '../../../shared/db/outbox.ts';
import { leases, taskRuns } from '../../../shared/db/schema/cron.ts';
import { workerOutbox } from '../../../shared/db/schema/worker.ts';
import { buildServer } from '../../../shared/runtime/server.ts';
import { awayDatabase, openContexts, type TestContexts } from './contexts.ts';
import { tick, tickingServer } from './tick.ts';

const noon = Temporal.Instant.from('2031-03-03T12:00:00Z');

let contexts: TestContexts;
beforeAll(async () => {
  contexts = await openContexts();
});
afterAll(() => contexts.close());
beforeEach(async () => {
  await Promise.all([contexts.cron.delete(leases), contexts.cron.delete(taskRuns)]);
});

/** What a process that has just begun answers. */
async function scrape(own: Partial<TestContexts> = {}) {
  const app = buildServer(
    {
      name: 'cron',
      routes: [],
      subscriptions: [],
      dependencies: {},
      metrics: readMetrics({ ...contexts, ...own }, () => Temporal.Now.instant()),
      close: async () => undefined,
    },
    { log: pino({ level: 'silent' }) },
  );
  const { statusCode, headers, payload } = await app.inject({ method: 'GET', url: '/metrics' });
  await app.close();
  return { status: statusCode, type: headers['content-type'], samples: samplesOf(payload) };
}

/** Values by name and labels, as Prometheus reads them. */
function samplesOf(text: string): Record<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  );
}

describe('the metrics of the platform', () => {
  it('say nothing of what has not been looked at yet', async () => {
    const { status, samples } = await scrape();
    expect([status, Object.keys(samples).filter((name) => !name.startsWith('careflow_outbox'))]).toEqual([200, []]);
  });

  it('tell how dependencies are, and since when', async () => {
    const up = async () => undefined;
    const health = checkHealth(contexts.cron, { redis: up, ses: async () => Promise.reject(new Error('away')) }, 1_000);
    const server = tickingServer({ db: contexts.cron, lanes: [[health]], now: () => noon, limits: minuteLimits });
    expect(await tick(server, noon)).toBe(204);
    const { status, type, samples } = await scrape();
    expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(samples).toMatchObject({
      'careflow_dependency_up{dependency="redis"}': 1,
      'careflow_dependency_up{dependency="ses"}': 0,
      'careflow_dependency_changed_timestamp_seconds{dependency="ses"}': noon.epochMilliseconds / 1000,
    });
  });

  it('tell when each task was last done, and how long it took; one that fails stays as it was', async () => {
    let now = noon;
    let isBroken = false;
    const run = async () => (isBroken ? Promise.reject(new Error('broken')) : Promise.resolve(1));
    const lanes = [[{ name: 'due', every: 'minute', run } as const]];
    const server = tickingServer({ db: contexts.cron, lanes, now: () => now, limits: minuteLimits });
    expect(await tick(server, now)).toBe(204);
    isBroken = true;
    now = noon.add({ minutes: 1 });
    expect(await tick(server, now)).toBe(503);
    const { samples } = await scrape();
    expect(samples['careflow_task_done_timestamp_seconds{task="due"}']).toBe(noon.epochMilliseconds / 1000);
    expect(samples['careflow_task_duration_seconds{task="due"}']).toBeLessThan(10);
  });

  it('tell what waits in every outbox, but of a context that is away', async () => {
    const event = { specversion: '1.0' as const, id: 'i', source: '/s', type: 't.v1', time: noon.toString(), data: {} };
    await enqueue(
      contexts.worker,
      workerOutbox,
      [1, 2].map(() => ({ topic: 'jobs', partitionKey: 'k', event })),
    );
    const minuteAgo = new Date(Date.now() - 60_000);
    await contexts.worker.update(workerOutbox).set({ createdAt: minuteAgo });
    const { status, samples } = await scrape({ booking: away });
    const unsent = Object.keys(samples).filter((name) => name.startsWith('careflow_outbox_unsent_events'));
    expect([status, unsent.length]).toEqual([200, 7]);
    expect(samples).toMatchObject({
      'careflow_outbox_unsent_events{context="worker"}': 2,
      'careflow_outbox_unsent_events{context="patient"}': 0,
      'careflow_outbox_oldest_unsent_seconds{context="patient"}': 0,
    });
    expect(samples['careflow_outbox_oldest_unsent_seconds{context="worker"}']).toBeGreaterThanOrEqual(60);
  });

  it('cannot be told without its own database', async () => {
    expect((await scrape({ cron: away })).status).toBe(503);
  });
});

const away = awayDatabase();
afterAll(() => away.$client.end());

it('no other function has metrics', async () => {
  const app = buildServer(
    { name: 'other', routes: [], subscriptions: [], dependencies: {}, close: async () => undefined },
    { log: pino({ level: 'silent' }) },
  );
  expect((await app.inject({ method: 'GET', url: '/metrics' })).statusCode).toBe(404);
});
