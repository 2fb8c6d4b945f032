import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TestProject } from 'vitest/node';

import { freePort } from '../../../infra/local/services/free-port.ts';
import { startKafka } from '../../../infra/local/services/kafka.ts';
import { startPostgres } from '../../../infra/local/services/postgres.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import { careflowHome } from './careflow-home.ts';
import { REDIS_DATABASES } from './redis-database.ts';

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string;
    redisUrl: string;
    kafkaUrl: string;
  }
}

/** What a crash of the machine would lose does not matter to a test. */
const NOT_DURABLE = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/** Runs one PostgreSQL, Redis and Kafka for all test files, unless `CAREFLOW_TEST_<SERVICE>_URL` names one. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'careflow-test-'));
  await chmod(folder, 0o755);
  const [postgres, redis, kafka] = await Promise.all([
    process.env['CAREFLOW_TEST_POSTGRES_URL'] ?? runPostgres(folder),
    process.env['CAREFLOW_TEST_REDIS_URL'] ?? runRedis(folder),
    process.env['CAREFLOW_TEST_KAFKA_URL'] ?? runKafka(folder),
  ]);
  project.provide('postgresUrl', urlOf(postgres));
  project.provide('redisUrl', urlOf(redis));
  project.provide('kafkaUrl', urlOf(kafka));
  return async () => {
    await Promise.all([postgres, redis, kafka].map(async (each) => typeof each === 'string' || each.stop()));
    await rm(folder, { recursive: true, force: true });
  };
}

function urlOf(service: string | { url: string }): string {
  return typeof service === 'string' ? service : service.url;
}

async function runPostgres(folder: string) {
  return startPostgres({
    dir: join(folder, 'postgres'),
    port: await freePort(),
    logFile: join(folder, 'postgres.log'),
    settings: NOT_DURABLE,
  });
}

async function runRedis(folder: string) {
  return startRedis({
    dir: join(folder, 'redis'),
    port: await freePort(),
    logFile: join(folder, 'redis.log'),
    databases: REDIS_DATABASES,
  });
}

async function runKafka(folder: string) {
  return startKafka({
    dir: join(folder, 'kafka'),
    libs: join(careflowHome(), 'kafka', 'libs'),
    port: await freePort(),
    controllerPort: await freePort(),
    logFile: join(folder, 'kafka.log'),
    onProgress: (what) => console.log(what),
  });
}
