import type { Logger } from 'pino';

import { connectDatabases } from '../../shared/db/databases.ts';
import { openEventLog } from '../../shared/events/open-event-log.ts';
import { openRedis } from '../../shared/redis/client.ts';

type Urls = {
  readonly DATABASE_URL_BOOKING: string;
  readonly DATABASE_URL_PRACTITIONER: string;
  readonly DATABASE_URL_NOTIFICATION: string;
  readonly DATABASE_URL_LABORATORY: string;
  readonly DATABASE_URL_HOMEKIT: string;
  readonly DATABASE_URL_PATIENT: string;
  readonly DATABASE_URL_WORKER: string;
  readonly DATABASE_URL_CRON: string;
  readonly REDIS_URL: string;
  readonly EVENT_LOG_URL: string;
};

/** What this function is connected to, and how that is closed. */
export function openConnections(config: Urls, log: Logger) {
  const options = { applicationName: 'cron', maxConnections: 4 };
  const contexts = connectDatabases(
    {
      booking: config.DATABASE_URL_BOOKING,
      practitioner: config.DATABASE_URL_PRACTITIONER,
      notification: config.DATABASE_URL_NOTIFICATION,
      laboratory: config.DATABASE_URL_LABORATORY,
      homekit: config.DATABASE_URL_HOMEKIT,
      patient: config.DATABASE_URL_PATIENT,
      worker: config.DATABASE_URL_WORKER,
      cron: config.DATABASE_URL_CRON,
    },
    options,
  );
  const redis = openRedis(config.REDIS_URL, { log });
  const eventLog = openEventLog(config.EVENT_LOG_URL, { clientId: options.applicationName, log });
  const close = async (): Promise<void> => {
    await Promise.all([contexts.close(), eventLog.close()]);
    redis.disconnect();
  };
  return { contexts, databases: contexts.of, redis, eventLog, close };
}
