import type { Logger } from 'pino';

import { connectDatabases } from '../../shared/db/databases.ts';
import { patientOutbox } from '../../shared/db/schema/account.ts';
import { openRedis } from '../../shared/redis/client.ts';
import { openPublisher } from '../outbox-publisher.ts';

type Urls = {
  readonly DATABASE_URL_PATIENT: string;
  readonly REDIS_URL: string;
  readonly EVENT_LOG_URL: string;
};

/** What this function is connected to, and how that is closed. */
export function openConnections(config: Urls, log: Logger) {
  const applicationName = 'careflow-customer';
  const databases = connectDatabases({ patient: config.DATABASE_URL_PATIENT }, { applicationName });
  const db = databases.of.patient;
  const redis = openRedis(config.REDIS_URL, { log });
  const publisher = openPublisher(db, patientOutbox, { url: config.EVENT_LOG_URL, clientId: applicationName, log });
  const close = async (): Promise<void> => {
    await publisher.close();
    await databases.close();
    redis.disconnect();
  };
  return { db, redis, publish: publisher.publish, dependencies: databases.pings, close };
}
