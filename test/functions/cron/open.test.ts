import { createServer } from 'node:http';
import { once } from 'node:events';

import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';

import { open } from '../../../functions/cron/index.ts';
import { connectDatabase, type Database } from '../../../shared/db/client.ts';
import { cronOutbox, dependencyHealth, leases, taskRuns } from '../../../shared/db/schema/cron.ts';
import { openEventLog } from '../../../shared/events/open-event-log.ts';
import { ConfigError } from '../../../shared/runtime/config.ts';
import type { Environment } from '../../../shared/runtime/function.ts';
import { buildServer } from '../../../shared/runtime/server.ts';
import { createDatabase, type TestDatabase } from '../../support/services/database.ts';
import { describeOnEventLogs, eventLogUrl, hasKafka } from '../../support/services/event-logs.ts';
import { createRedisDatabase } from '../../support/services/redis-database.ts';
import { until } from '../../support/until.ts';
import { tick } from './tick.ts';

const log = pino({ level: 'silent' });

let database: TestDatabase;
let db: Database;
let environment: Environment;
beforeAll(async () => {
  database = await createDatabase();
  db = connectDatabase(database.urlFor('careflow_cron'), { applicationName: 'test' });
  environment = {
    DATABASE_URL_CRON: database.urlFor('careflow_cron'),
    DATABASE_URL_BOOKING: database.urlFor('careflow_booking'),
    DATABASE_URL_PRACTITIONER: database.urlFor('careflow_practitioner'),
    DATABASE_URL_NOTIFICATION: database.urlFor('careflow_notification'),
    DATABASE_URL_LABORATORY: database.urlFor('careflow_laboratory'),
    DATABASE_URL_HOMEKIT: database.urlFor('careflow_homekit'),
    DATABASE_URL_WORKER: database.urlFor('careflow_worker'),
    DATABASE_URL_PATIENT: database.urlFor('careflow_patient'),
    REDIS_URL: await createRedisDatabase(),
    EVENT_LOG_URL: database.url,
  };
  for (const url of [database.url, ...(hasKafka ? [inject('kafkaUrl')] : [])]) {
    const eventLog = openEventLog(url, { clientId: 'test' });
    await eventLog.ensureTopics([{ name: 'platform-events', partitions: 1 }]);
    // A broker that nobody has asked for a group before makes the topic of their offsets first.
    const answers = () =>
      eventLog.lag('cron-health', ['platform-events']).then(
        () => true,
        () => false,
      );
    await until(answers, { what: 'the event log to know groups', timeoutMs: 30_000 });
    await eventLog.close();
  }
});
afterAll(async () => {
  await db.$client.end();
  await database.drop();
});
beforeEach(async () => {
  for (const table of [leases, taskRuns, dependencyHealth, cronOutbox]) await db.delete(table);
});

/** Opens the function, ticks once and closes it. */
async function tickOnce(own: Environment = {}): Promise<number> {
  const fn = await open({ ...environment, ...own }, log);
  const server = buildServer(fn, { log, requestTimeoutMs: 60_000 });
  const { statusCode } = await server.inject('/health/ready');
  expect(statusCode).toBe(200);
  const status = await tick(server, Temporal.Now.instant());
  await server.close();
  await fn.close();
  return status;
}

async function listHealth(): Promise<Record<string, boolean>> {
  const rows = await db.select().from(dependencyHealth);
  return Object.fromEntries(rows.map(({ dependency, healthy }) => [dependency, healthy]));
}

const allUp = {
  'duty-clinician': true,
  'event-log': true,
  redis: true,
  'postgresql-booking': true,
  'postgresql-cron': true,
  'postgresql-homekit': true,
  'postgresql-laboratory': true,
  'postgresql-notification': true,
  'postgresql-patient': true,
  'postgresql-practitioner': true,
  'postgresql-worker': true,
};

describeOnEventLogs('the cron function with its event log in', (eventLogName) => {
  it('finds its dependencies there and does its work', async () => {
    expect(await tickOnce({ EVENT_LOG_URL: eventLogUrl(eventLogName, database.url) })).toBe(204);
    expect(await listHealth()).toEqual(allUp);
  });
});

describe('the cron function', () => {
  it('works without Redis, and tells of it', async () => {
    expect(await tickOnce({ REDIS_URL: 'redis://127.0.0.1:1' })).toBe(204);
    expect(await listHealth()).toEqual({ ...allUp, redis: false });
    const events = await db.select().from(cronOutbox);
    expect(events.map(({ event, sentAt }) => [event.data, sentAt !== null])).toMatchObject([
      [{ dependency: 'redis', healthy: false }, true],
    ]);
  });

  it('is ready and ticks while an event log and the database of a context are away', async () => {
    const away = {
      EVENT_LOG_URL: 'kafka://127.0.0.1:1',
      DATABASE_URL_NOTIFICATION: 'postgres://careflow@127.0.0.1:1/away',
    };
    expect(await tickOnce(away)).toBe(503);
    expect(await listHealth()).toEqual({ ...allUp, 'event-log': false, 'postgresql-notification': false });
  });

  it('asks the services that are reached over HTTP', async () => {
    const statuses: Record<string, number> = { '/jwks': 200, '/': 404 };
    const server = createServer(({ url = '' }, response) => response.writeHead(statuses[url] ?? 500).end()).listen(0);
    await once(server, 'listening');
    const address = server.address();
    const origin = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
    await tickOnce({ OIDC_JWKS_URL: `${origin}/jwks`, AWS_REGION: 'eu-west-3', AWS_ENDPOINT_URL: origin });
    expect(await listHealth()).toEqual({ ...allUp, 'identity-provider': true, ses: true, sns: true });
    statuses['/jwks'] = 503;
    await db.delete(taskRuns);
    await tickOnce({ OIDC_JWKS_URL: `${origin}/jwks`, AWS_REGION: 'eu-west-3', AWS_ENDPOINT_URL: origin });
    expect(await listHealth()).toEqual({ ...allUp, 'identity-provider': false, ses: true, sns: true });
    server.close();
    server.closeAllConnections();
  });

  it('says which variables are missing', async () => {
    await expect(open({}, log)).rejects.toThrow(ConfigError);
  });
});
