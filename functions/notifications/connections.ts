import type { Logger } from 'pino';

import { connectDatabases } from '../../shared/db/databases.ts';
import { openRedis } from '../../shared/redis/client.ts';

type Urls = {
  readonly DATABASE_URL_NOTIFICATION: string;
  readonly DATABASE_URL_PATIENT_READER: string;
  readonly DATABASE_URL_PRACTITIONER_READER: string;
  readonly DATABASE_URL_LABORATORY_READER: string;
  readonly REDIS_URL: string;
};

/** What this function is connected to, and how that is closed. */
export function openConnections(config: Urls, log: Logger) {
  const databases = connectDatabases(
    {
      notification: config.DATABASE_URL_NOTIFICATION,
      patient: config.DATABASE_URL_PATIENT_READER,
      practitioner: config.DATABASE_URL_PRACTITIONER_READER,
      laboratory: config.DATABASE_URL_LABORATORY_READER,
    },
    { applicationName: 'notifications' },
  );
  const { notification: db, patient: patients, practitioner: practitioners, laboratory } = databases.of;
  const { notification, patient, practitioner } = databases.pings;
  const redis = openRedis(config.REDIS_URL, { log });
  const close = async (): Promise<void> => {
    await databases.close();
    redis.disconnect();
  };
  // The laboratory may be away: only news of results waits for it.
  const dependencies = { notification, patient, practitioner };
  return { db, patients, practitioners, laboratory, redis, dependencies, close };
}
