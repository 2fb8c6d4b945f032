import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TestProject } from 'vitest/node';

import { freePort } from '../../../infra/local/services/free-port.ts';
import { startKafka } from '../../../infra/local/services/kafka.ts';
import { MissingRequirement } from '../../../infra/local/services/missing-requirement.ts';
import { startPostgres } from '../../../infra/local/services/postgres.ts';
import type { Service } from '../../../infra/local/services/process.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import { careflowHome } from './careflow-home.ts';
import { REDIS_DATABASES } from './redis-database.ts';

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string;
    redisUrl: string;
    /** Empty where this machine cannot run it. */
    kafkaUrl: string;
  }
}

/** What a crash of the machine would lose does not matter to a test. */
const NOT_DURABLE = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/** Runs one PostgreSQL, Redis and Kafka for all test files, unless `CAREFLOW_TEST_<SERVICE>_URL` names one. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'careflow-test-'));
  await chmod(folder, 0o755);
  const servers = await Promise.allSettled([
    process.env['CAREFLOW_TEST_POSTGRES_URL'] ?? runPostgres(folder),
    process.env['CAREFLOW_TEST_REDIS_URL'] ?? runRedis(folder),
    process.env['CAREFLOW_TEST_KAFKA_URL'] ?? runKafka(folder),
  ]);
  const stop = async () => {
    await Promise.all(servers.map(stopServer));
    await rm(folder, { recursive: true, force: true });
  };
  const failed = servers.find((server) => server.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  const [postgresUrl, redisUrl, kafkaUrl] = servers.map(urlOf);
  project.provide('postgresUrl', postgresUrl ?? '');
  project.provide('redisUrl', redisUrl ?? '');
  project.provide('kafkaUrl', kafkaUrl ?? '');
  return stop;
}

type Server = PromiseSettledResult<Service | string>;

async function stopServer(server: Server): Promise<void> {
  if (server.status === 'fulfilled' && typeof server.value !== 'string') await server.value.stop();
}

function urlOf(server: Server): string {
  if (server.status === 'rejected') return '';
  return typeof server.value === 'string' ? server.value : server.value.url;
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

/** Without it what is of Kafka itself is skipped, and all else goes through the event log in PostgreSQL. */
async function runKafka(folder: string): Promise<Service | string> {
  return startKafka({
    dir: join(folder, 'kafka'),
    libs: join(careflowHome(), 'kafka', 'libs'),
    port: await freePort(),
    controllerPort: await freePort(),
    logFile: join(folder, 'kafka.log'),
    onProgress: (what) => console.log(what),
  }).catch((error: unknown) => {
    if (!(error instanceof MissingRequirement)) throw error;
    console.log(`The tests of Kafka itself are skipped: ${error.message}`);
    return '';
  });
}
