import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { checkHealth, type HealthChecks } from '../../../functions/cron/check-health.ts';
import { cronOutbox, dependencyHealth } from '../../../shared/db/schema/cron.ts';
import { openContexts, type TestContexts } from './contexts.ts';
import { taskContext } from './tick.ts';

const up = () => Promise.resolve();
const down = () => Promise.reject(new Error('away'));
const silent = () => new Promise(() => undefined);
const at = (time: string) => Temporal.Instant.from(`2031-03-03T${time}:00Z`);

let contexts: TestContexts;
beforeAll(async () => {
  contexts = await openContexts();
});
afterAll(() => contexts.close());
beforeEach(async () => {
  await contexts.cron.delete(dependencyHealth);
  await contexts.cron.delete(cronOutbox);
});

async function check(checks: HealthChecks, time: string): Promise<void> {
  await checkHealth(contexts.cron, checks, 100).run(taskContext({ now: at(time) }));
}

async function listEvents() {
  const rows = await contexts.cron.select().from(cronOutbox).orderBy(cronOutbox.seq);
  return rows.map(({ topic, partitionKey, event: { type, data } }) => ({ topic, partitionKey, type, data }));
}

function told(dependency: string, healthy: boolean, time: string) {
  return {
    topic: 'platform-events',
    partitionKey: dependency,
    type: 'careflow.dependency-health.changed.v1',
    data: { dependency, healthy, since: at(time).toString() },
  };
}

describe('checking dependencies', () => {
  it('tells of one that goes and comes back, once each', async () => {
    await check({ redis: up }, '09:00');
    await check({ redis: up }, '09:01');
    expect(await listEvents()).toEqual([]);
    await check({ redis: down }, '09:02');
    await check({ redis: down }, '09:03');
    await check({ redis: up }, '09:04');
    await check({ redis: up }, '09:05');
    expect(await listEvents()).toEqual([told('redis', false, '09:02'), told('redis', true, '09:04')]);
  });

  it('keeps since when each is as it is', async () => {
    await check({ redis: up, 'event-log': down }, '09:00');
    await check({ redis: down, 'event-log': down }, '09:01');
    const kept = await contexts.cron.select().from(dependencyHealth).orderBy(dependencyHealth.dependency);
    expect(kept.map(({ since, ...health }) => ({ ...health, since: since.toString() }))).toEqual([
      { dependency: 'event-log', healthy: false, since: at('09:00').toString() },
      { dependency: 'redis', healthy: false, since: at('09:01').toString() },
    ]);
  });

  it('tells of one that is away from the first', async () => {
    await check({ redis: up, sns: down }, '09:00');
    expect(await listEvents()).toEqual([told('sns', false, '09:00')]);
  });

  it('counts one that stays silent as away, and waits for none longer than it may take', async () => {
    await check({ silent, redis: up }, '09:00');
    expect(await listEvents()).toEqual([told('silent', false, '09:00')]);
  });
});
