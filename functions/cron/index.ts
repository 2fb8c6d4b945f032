import { MinuteTicked } from '../../schemas/events/platform.v1.ts';
import { connectDatabase, ping } from '../../shared/db/client.ts';
import { appendTo } from '../../shared/events/append.ts';
import { openEventLog } from '../../shared/events/open-event-log.ts';
import { openRedis } from '../../shared/redis/client.ts';
import { readConfig } from '../../shared/runtime/config.ts';
import type { OpenFunction } from '../../shared/runtime/function.ts';
import { subscribe } from '../../shared/runtime/route.ts';
import { servicesOf, settings } from './config.ts';
import { healthChecks } from './health-checks.ts';
import { lanesOf } from './lanes.ts';
import { minuteLimits, runTick } from './run-tick.ts';

export const open: OpenFunction = async (environment, log) => {
  const config = readConfig(environment, settings);
  const name = 'cron';
  const connect = (url: string) => connectDatabase(url, { applicationName: name, maxConnections: 4 });
  const contexts = {
    booking: connect(config.DATABASE_URL_BOOKING),
    practitioner: connect(config.DATABASE_URL_PRACTITIONER),
    notification: connect(config.DATABASE_URL_NOTIFICATION),
    cron: connect(config.DATABASE_URL_CRON),
  };
  const patients = config.DATABASE_URL_PATIENT_READER;
  const databases = { ...contexts, ...(patients !== undefined && { patient: connect(patients) }) };
  const redis = openRedis(config.REDIS_URL, { log });
  const eventLog = openEventLog(config.EVENT_LOG_URL, { clientId: name, log });
  const checks = healthChecks({ databases, redis, eventLog, services: servicesOf(config) });
  const lanes = lanesOf(contexts, appendTo(eventLog), checks);
  const deps = { db: contexts.cron, lanes, now: () => Temporal.Now.instant(), limits: minuteLimits };
  return {
    name,
    routes: [],
    subscriptions: [subscribe(MinuteTicked, runTick(deps))],
    // The others may be away: what does not need them is done all the same.
    dependencies: { cron: () => ping(contexts.cron) },
    close: async () => {
      await Promise.all([...Object.values(databases).map(({ $client }) => $client.end()), eventLog.close()]);
      redis.disconnect();
    },
  };
};
