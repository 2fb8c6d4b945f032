import type { Logger } from 'pino';

import { connectDatabases } from '../../shared/db/databases.ts';
import { practitionerOutbox } from '../../shared/db/schema/practitioner.ts';
import { openRedis } from '../../shared/redis/client.ts';
import { openPublisher } from '../outbox-publisher.ts';

type Urls = {
  readonly DATABASE_URL_PRACTITIONER: string;
  readonly REDIS_URL: string;
  readonly EVENT_LOG_URL: string;
};

/** What this function is connected to, and how that is closed. */
export function openConnections(config: Urls, log: Logger) {
  const applicationName = 'careflow-availability';
  const databases = connectDatabases({ practitioner: config.DATABASE_URL_PRACTITIONER }, { applicationName });
  const db = databases.of.practitioner;
  const redis = openRedis(config.REDIS_URL, { log });
  const publisher = openPublisher(db, practitionerOutbox, {
    url: config.EVENT_LOG_URL,
    clientId: applicationName,
    log,
  });
  const close = async (): Promise<void> => {
    await publisher.close();
    await databases.close();
    redis.disconnect();
  };
  return { db, redis, publish: publisher.publish, dependencies: databases.pings, close };
}
