import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createRoleUrls, type RoleUrls } from '../../infra/local/role-urls.ts';
import { freePort } from '../../infra/local/services/free-port.ts';
import { startKafka } from '../../infra/local/services/kafka.ts';
import { startPostgres } from '../../infra/local/services/postgres.ts';
import type { Service } from '../../infra/local/services/process.ts';
import { startRedis } from '../../infra/local/services/redis.ts';
import { readTopics } from '../../infra/local/services/topics.ts';
import { migrate } from '../../shared/db/migrate.ts';
import { openEventLog } from '../../shared/events/open-event-log.ts';
import { careflowHome } from '../support/services/careflow-home.ts';

export type Servers = {
  readonly postgres: Service;
  readonly redis: Service;
  readonly kafka: Service;
  /** A folder that is gone when the servers are. */
  readonly dir: string;
  /** What a function needs of its environment to reach them. */
  readonly environment: RoleUrls & { REDIS_URL: string; EVENT_LOG_URL: string };
};

/** Lends servers of the run's own, durable as in production, migrated and with every topic. */
export async function withServers(work: (servers: Servers) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'careflow-bench-'));
  await chmod(dir, 0o755);
  const started: Service[] = [];
  try {
    const [postgres, redis, kafka] = await Promise.all(
      [runPostgres(dir), runRedis(dir), runKafka(dir)].map(async (starting) => {
        const service = await starting;
        started.push(service);
        return service;
      }),
    );
    if (!postgres || !redis || !kafka) throw new Error('a server is missing');
    await Promise.all([migrate(postgres.url), createTopics(kafka.url)]);
    const urls = await createRoleUrls(postgres.url);
    const environment = { ...urls, REDIS_URL: redis.url, EVENT_LOG_URL: kafka.url };
    await work({ postgres, redis, kafka, dir, environment });
  } finally {
    await Promise.all(started.map((service) => service.stop()));
    await rm(dir, { recursive: true, force: true });
  }
}

async function runPostgres(dir: string): Promise<Service> {
  return startPostgres({
    dir: join(dir, 'postgres'),
    port: await freePort(),
    logFile: join(dir, 'postgres.log'),
    settings: { max_wal_size: '8GB', checkpoint_timeout: '30min' },
  });
}

async function runRedis(dir: string): Promise<Service> {
  return startRedis({ dir: join(dir, 'redis'), port: await freePort(), logFile: join(dir, 'redis.log') });
}

async function runKafka(dir: string): Promise<Service> {
  return startKafka({
    dir: join(dir, 'kafka'),
    libs: join(careflowHome(), 'kafka', 'libs'),
    port: await freePort(),
    controllerPort: await freePort(),
    logFile: join(dir, 'kafka.log'),
  });
}

async function createTopics(url: string): Promise<void> {
  const eventLog = openEventLog(url, { clientId: 'careflow-bench' });
  await eventLog.ensureTopics(await readTopics({ brokers: 1 }));
  await eventLog.close();
}
