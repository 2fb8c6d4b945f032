import type { Logger } from 'pino';

import type { Database } from '../shared/db/client.ts';
import { createOutboxRelay } from '../shared/db/outbox-relay.ts';
import type { OutboxTable } from '../shared/db/schema/outbox.ts';
import { appendTo } from '../shared/events/append.ts';
import { openEventLog } from '../shared/events/open-event-log.ts';
import { createPublisher, type Publisher } from '../shared/events/publisher.ts';

type OutboxPublisher = {
  readonly publish: Publisher['publish'];
  /** Resolves when what was published is sent and the event log is closed. */
  readonly close: () => Promise<void>;
};

/** Publishes what an outbox holds to the event log. */
export function openPublisher(
  db: Database,
  outbox: OutboxTable,
  { url, clientId, log }: { readonly url: string; readonly clientId: string; readonly log: Logger },
): OutboxPublisher {
  const eventLog = openEventLog(url, { clientId, log });
  const { publish, drain } = createPublisher(createOutboxRelay(db, outbox, appendTo(eventLog)).sendAll, log);
  return {
    publish,
    close: async () => {
      await drain();
      await eventLog.close();
    },
  };
}
