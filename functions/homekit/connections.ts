import type { Logger } from 'pino';

import { connectDatabases } from '../../shared/db/databases.ts';
import { homekitOutbox } from '../../shared/db/schema/homekit.ts';
import { openRedis } from '../../shared/redis/client.ts';
import { openPublisher } from '../outbox-publisher.ts';

type Urls = {
  readonly DATABASE_URL_HOMEKIT: string;
  readonly DATABASE_URL_PATIENT_READER: string;
  readonly REDIS_URL: string;
  readonly EVENT_LOG_URL: string;
};

/** What this function is connected to, and how that is closed. */
export function openConnections(config: Urls, log: Logger) {
  const applicationName = 'careflow-homekit';
  const databases = connectDatabases(
    { homekit: config.DATABASE_URL_HOMEKIT, patient: config.DATABASE_URL_PATIENT_READER },
    { applicationName },
  );
  const redis = openRedis(config.REDIS_URL, { log });
  const { homekit: db, patient: patients } = databases.of;
  const publisher = openPublisher(db, homekitOutbox, { url: config.EVENT_LOG_URL, clientId: applicationName, log });
  const close = async (): Promise<void> => {
    await publisher.close();
    await databases.close();
    redis.disconnect();
  };
  return { db, patients, redis, publish: publisher.publish, dependencies: databases.pings, close };
}
