import type { Logger } from 'pino';

import { connectDatabases } from '../../shared/db/databases.ts';
import { practitionerOutbox } from '../../shared/db/schema/practitioner.ts';
import { openRedis } from '../../shared/redis/client.ts';
import { openPublisher } from '../outbox-publisher.ts';

type Urls = {
  readonly DATABASE_URL_PRACTITIONER: string;
  readonly DATABASE_URL_PATIENT_READER: string;
  readonly REDIS_URL: string;
  readonly EVENT_LOG_URL: string;
};

/** What this function is connected to, and how that is closed. */
export function openConnections(config: Urls, log: Logger) {
  const applicationName = 'careflow-availability';
  const databases = connectDatabases(
    { practitioner: config.DATABASE_URL_PRACTITIONER, patient: config.DATABASE_URL_PATIENT_READER },
    { applicationName },
  );
  const { practitioner: db, patient: patients } = databases.of;
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
  // Without the patient context everything is done but for who is signed in: that is no reason to take this out of service.
  const dependencies = { practitioner: databases.pings.practitioner };
  return { db, patients, redis, publish: publisher.publish, dependencies, close };
}
