import type { Logger } from 'pino';

import { connectDatabases } from '../../shared/db/databases.ts';
import { createOutboxRelay } from '../../shared/db/outbox-relay.ts';
import { laboratoryOutbox } from '../../shared/db/schema/laboratory.ts';
import { appendTo } from '../../shared/events/append.ts';
import { openEventLog } from '../../shared/events/open-event-log.ts';
import { createPublisher } from '../../shared/events/publisher.ts';
import { openRedis } from '../../shared/redis/client.ts';

type Urls = {
  readonly DATABASE_URL_LABORATORY: string;
  readonly DATABASE_URL_PATIENT_READER: string;
  readonly DATABASE_URL_PRACTITIONER_READER: string;
  readonly DATABASE_URL_HOMEKIT_READER: string;
  readonly REDIS_URL: string;
  readonly EVENT_LOG_URL: string;
};

/** What this function is connected to, and how that is closed. */
export function openConnections(config: Urls, log: Logger) {
  const applicationName = 'careflow-lab-results';
  const databases = connectDatabases(
    {
      laboratory: config.DATABASE_URL_LABORATORY,
      patient: config.DATABASE_URL_PATIENT_READER,
      practitioner: config.DATABASE_URL_PRACTITIONER_READER,
      homekit: config.DATABASE_URL_HOMEKIT_READER,
    },
    { applicationName },
  );
  const { laboratory: db, patient: patients, practitioner: practitioners, homekit: kits } = databases.of;
  const redis = openRedis(config.REDIS_URL, { log });
  const eventLog = openEventLog(config.EVENT_LOG_URL, { clientId: applicationName, log });
  const append = appendTo(eventLog);
  const publisher = createPublisher(createOutboxRelay(db, laboratoryOutbox, append).sendAll, log);
  const close = async (): Promise<void> => {
    await publisher.drain();
    await eventLog.close();
    await databases.close();
    redis.disconnect();
  };
  const { publish } = publisher;
  return { db, patients, practitioners, kits, redis, append, publish, dependencies: databases.pings, close };
}
