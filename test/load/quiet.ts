import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { count, inArray, isNull } from 'drizzle-orm';

import { renderKustomization } from '../../infra/local/knative/kustomize.ts';
import { type KafkaSource, parseResources } from '../../infra/local/knative/resources.ts';
import type { Database } from '../../shared/db/client.ts';
import { bookingOutbox } from '../../shared/db/schema/booking.ts';
import { cronOutbox } from '../../shared/db/schema/cron.ts';
import { deliveries, notificationOutbox } from '../../shared/db/schema/notification.ts';
import type { OutboxTable } from '../../shared/db/schema/outbox.ts';
import { practitionerOutbox } from '../../shared/db/schema/practitioner.ts';
import type { EventLog } from '../../shared/events/event-log.ts';

const OVERLAY = fileURLToPath(new URL('../../knative/overlays/local', import.meta.url));

const outboxes: readonly OutboxTable[] = [bookingOutbox, practitionerOutbox, notificationOutbox, cronOutbox];

/** Longer than the cron's minute and than the pauses between the redeliveries of an event that was refused for a while. */
const MOST_STILLNESS_MS = 180_000;
const POLL_MS = 500;
const TELL_EVERY_MS = 5_000;

export type QuietOptions = {
  readonly db: Database;
  readonly eventLog: EventLog;
  readonly onProgress?: (outstanding: string) => void;
};

/**
 * Resolves when every event is published and consumed and every message is sent. Throws, saying what is left, when
 * nothing moves any more.
 */
export async function untilQuiet(options: QuietOptions): Promise<void> {
  const sources = parseResources(await renderKustomization(OVERLAY)).kafkaSources;
  let last = '';
  let movedAt = Date.now();
  let toldAt = 0;
  for (let quiet = 0; quiet < 2; await delay(POLL_MS)) {
    const left = await outstanding(options, sources);
    quiet = left === undefined ? quiet + 1 : 0;
    if (left !== last) movedAt = Date.now();
    if (left !== undefined && left !== last && Date.now() - toldAt > TELL_EVERY_MS) {
      options.onProgress?.(left);
      toldAt = Date.now();
    }
    last = left ?? '';
    if (left !== undefined && Date.now() - movedAt > MOST_STILLNESS_MS) {
      throw new Error(`for ${MOST_STILLNESS_MS / 1_000} s nothing has moved: ${left}`);
    }
  }
}

/** In the order of an event's way; a second look at the outboxes finds what the consumers have told meanwhile. */
async function outstanding({ db, eventLog }: QuietOptions, sources: readonly KafkaSource[]) {
  const unsent = await countUnsent(db);
  const lags = await Promise.all(
    sources.map(({ spec: { consumerGroup, topics } }) => eventLog.lag(consumerGroup, topics)),
  );
  const lag = lags.reduce((all, one) => all + one, 0n);
  const open = await countOpenDeliveries(db);
  const told = await countUnsent(db);
  if (unsent + told + open === 0 && lag === 0n) return undefined;
  return `${told} events to publish, ${lag} to consume, ${open} messages to send`;
}

async function countUnsent(db: Database): Promise<number> {
  const counts = await Promise.all(
    outboxes.map((outbox) => db.select({ unsent: count() }).from(outbox).where(isNull(outbox.sentAt))),
  );
  return counts.reduce((all, [row]) => all + (row?.unsent ?? 0), 0);
}

async function countOpenDeliveries(db: Database): Promise<number> {
  const [row] = await db
    .select({ open: count() })
    .from(deliveries)
    .where(inArray(deliveries.status, ['planned', 'claimed', 'failed']));
  return row?.open ?? 0;
}
