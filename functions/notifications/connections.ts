import type { Logger } from 'pino';

import { connectDatabases } from '../../shared/db/databases.ts';
import { openRedis } from '../../shared/redis/client.ts';

type Urls = {
  readonly DATABASE_URL_NOTIFICATION: string;
  readonly DATABASE_URL_PATIENT_READER: string;
  readonly DATABASE_URL_PRACTITIONER_READER: string;
  readonly REDIS_URL: string;
};

/** What this function is connected to, and how that is closed. */
export function openConnections(config: Urls, log: Logger) {
  const databases = connectDatabases(
    {
      notification: config.DATABASE_URL_NOTIFICATION,
      patient: config.DATABASE_URL_PATIENT_READER,
      practitioner: config.DATABASE_URL_PRACTITIONER_READER,
    },
    { applicationName: 'notifications' },
  );
  const { notification: db, patient: patients, practitioner: practitioners } = databases.of;
  const redis = openRedis(config.REDIS_URL, { log });
  const close = async (): Promise<void> => {
    await databases.close();
    redis.disconnect();
  };
  return { db, patients, practitioners, redis, dependencies: databases.pings, close };
}
