import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

import { MissingRequirement } from '../../../infra/local/services/missing-requirement.ts';
import { startServices, type Services } from '../../../infra/local/services/start-services.ts';
import { openEventLog } from '../../../shared/events/open-event-log.ts';
import { describeKafka } from '../../support/services/event-logs.ts';
import { until } from '../../support/until.ts';
import { processesOf } from './support/processes.ts';
import { servicesHome } from './support/services-home.ts';

const home = await servicesHome();

describeKafka('the servers of one machine', () => {
  const progress: string[] = [];
  const start = () => startServices({ home, eventLog: 'kafka', onProgress: (what) => progress.push(what) });
  let services: Services;

  beforeAll(async () => {
    services = await start();
  });
  afterAll(() => services.stop());

  it('answer at the addresses that are told', async () => {
    expect(await query(services, 'SELECT current_user AS name')).toEqual([{ name: 'postgres' }]);
    expect(await withRedis(services, (redis) => redis.ping())).toBe('PONG');
    await withLog(services, (log) => log.ensureTopics([{ name: 'kept', partitions: 1 }]));
    expect(progress.toSorted()).toEqual(['Kafka is ready', 'PostgreSQL is ready', 'Redis is ready']);
  });

  it('write what is committed to the disk', async () => {
    const [settings] = await query(services, "SELECT current_setting('fsync') AS fsync, version() AS version");
    expect(settings?.['fsync']).toBe('on');
    expect(settings?.['version']).toMatch(/^PostgreSQL 18\./);
  });

  it('listen on the loopback only', async () => {
    const [addresses] = await query(services, "SELECT current_setting('listen_addresses') AS addresses");
    expect(addresses).toEqual({ addresses: '127.0.0.1' });
    expect(await withRedis(services, (redis) => redis.config('GET', 'bind'))).toEqual(['bind', '127.0.0.1']);
  });

  it('refuse a second start on the same data', async () => {
    await expect(start()).rejects.toBeInstanceOf(MissingRequirement);
    expect(await withRedis(services, (redis) => redis.ping())).toBe('PONG');
  });

  it('are started again when they die', { timeout: 90_000 }, async () => {
    for (const name of ['postgres', 'redis', 'kafka'] as const) {
      const pid = services.started[name]?.pid ?? 0;
      process.kill(pid, 'SIGKILL');
      await until(() => services.started[name]?.pid !== pid, { what: `another ${name}`, timeoutMs: 30_000 });
    }
    expect(progress.filter((line) => line.endsWith('ended with SIGKILL; it is started again'))).toHaveLength(3);
    expect(await query(services, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await withRedis(services, (redis) => redis.ping())).toBe('PONG');
    await withLog(services, (log) => log.append([{ topic: 'kept', key: 'k', value: Buffer.from('v'), headers: {} }]));
  });

  it(
    'keep rows and records from one start to the next, and leave no process in between',
    { timeout: 60_000 },
    async () => {
      await query(services, 'CREATE TABLE kept AS SELECT 42 AS answer');
      await services.stop();
      expect(await processesOf(home)).toEqual([]);
      services = await start();
      expect(await query(services, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
      expect(await withLog(services, (log) => Array.fromAsync(log.read('kept')))).toHaveLength(1);
    },
  );

  it('are not started where others are given', async () => {
    const given = await startServices({ home, eventLog: 'auto', environment: services.urls });
    expect(given.urls).toEqual(services.urls);
    expect(given.started).toEqual({});
    await given.stop();
    expect(await query(services, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('do without Kafka where there is no Java, and say why', async () => {
    const { DATABASE_URL, REDIS_URL } = services.urls;
    const told: string[] = [];
    const options = { home, environment: { DATABASE_URL, REDIS_URL }, onProgress: (what: string) => told.push(what) };
    vi.stubEnv('JAVA_HOME', '/nowhere');
    try {
      const without = await startServices({ ...options, eventLog: 'auto' });
      expect(without.urls.EVENT_LOG_URL).toBe(DATABASE_URL);
      expect(told).toEqual([
        expect.stringMatching(/^events go through PostgreSQL instead of Kafka: there is no Java.*apt-get/),
      ]);
      await expect(startServices({ ...options, eventLog: 'kafka' })).rejects.toMatchObject({
        what: 'there is no Java for Kafka',
      });
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

async function query({ urls }: Services, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: urls.DATABASE_URL });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function withRedis<Result>({ urls }: Services, work: (redis: Redis) => Promise<Result>): Promise<Result> {
  const redis = new Redis(urls.REDIS_URL);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

async function withLog<Result>(
  { urls }: Services,
  work: (log: ReturnType<typeof openEventLog>) => Promise<Result>,
): Promise<Result> {
  const log = openEventLog(urls.EVENT_LOG_URL, { clientId: 'services-test' });
  try {
    return await work(log);
  } finally {
    await log.close();
  }
}
