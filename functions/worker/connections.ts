import type { Logger } from 'pino';

import { connectDatabases } from '../../shared/db/databases.ts';
import { workerOutbox } from '../../shared/db/schema/worker.ts';
import { openRedis } from '../../shared/redis/client.ts';
import { openPublisher } from '../outbox-publisher.ts';

type Urls = Readonly<
  Record<
    | 'DATABASE_URL_WORKER'
    | 'DATABASE_URL_BOOKING'
    | 'DATABASE_URL_HOMEKIT'
    | 'DATABASE_URL_LABORATORY'
    | 'DATABASE_URL_NOTIFICATION'
    | 'DATABASE_URL_PATIENT'
    | 'DATABASE_URL_PATIENT_READER'
    | 'DATABASE_URL_PRACTITIONER'
    | 'REDIS_URL'
    | 'EVENT_LOG_URL',
    string
  >
>;

/** What this function is connected to, and how that is closed. */
export function openConnections(config: Urls, log: Logger) {
  const applicationName = 'careflow-worker';
  const databases = connectDatabases(
    {
      worker: config.DATABASE_URL_WORKER,
      booking: config.DATABASE_URL_BOOKING,
      homekit: config.DATABASE_URL_HOMEKIT,
      laboratory: config.DATABASE_URL_LABORATORY,
      notification: config.DATABASE_URL_NOTIFICATION,
      patient: config.DATABASE_URL_PATIENT,
      published: config.DATABASE_URL_PATIENT_READER,
      practitioner: config.DATABASE_URL_PRACTITIONER,
    },
    { applicationName },
  );
  const redis = openRedis(config.REDIS_URL, { log });
  const { worker: db, published: patients, practitioner: practitioners, ...contexts } = databases.of;
  const publisher = openPublisher(db, workerOutbox, { url: config.EVENT_LOG_URL, clientId: applicationName, log });
  const close = async (): Promise<void> => {
    await publisher.close();
    await databases.close();
    redis.disconnect();
  };
  return {
    db,
    contexts: { ...contexts, worker: db },
    patients,
    practitioners,
    redis,
    publish: publisher.publish,
    // A job that needs another is tried again; what does not need it is done all the same.
    dependencies: { worker: databases.pings.worker },
    close,
  };
}
