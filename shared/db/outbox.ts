import { count, isNull, min, sql } from 'drizzle-orm';

import type { AnyEvent, EventContract, EventOf } from '../../schemas/events/contract.ts';
import type { Queryable } from './client.ts';
import { deleteBatch } from './delete-batch.ts';
import type { OutboxTable } from './schema/outbox.ts';

/** An event on its way to its topic. */
export type OutgoingEvent = { readonly topic: string; readonly partitionKey: string; readonly event: AnyEvent };

type NewEvent<Contract extends EventContract> = {
  id: string;
  subject: string;
  partitionKey: string;
  time: Temporal.Instant;
  traceparent: string;
  data: EventOf<Contract>['data'];
};

/** Wraps facts into the CloudEvent their contract describes. */
export function outgoing<Contract extends EventContract & { source: string; topic: string }>(
  contract: Contract,
  { id, subject, partitionKey, time, traceparent, data }: NewEvent<Contract>,
): OutgoingEvent {
  const event: AnyEvent = {
    specversion: '1.0',
    id,
    source: contract.source,
    type: contract.type,
    subject,
    time: time.toString(),
    datacontenttype: 'application/json',
    dataschema: contract.dataschema,
    partitionkey: partitionKey,
    traceparent,
    data,
  };
  return { topic: contract.topic, partitionKey, event };
}

/** Commits the events with the transaction's other writes. */
export async function enqueue(tx: Queryable, outbox: OutboxTable, events: readonly OutgoingEvent[]): Promise<void> {
  if (events.length > 0) await tx.insert(outbox).values([...events]);
}

/** How many events are not sent yet, and since when the oldest of them waits. */
export async function findUnsent(
  db: Queryable,
  outbox: OutboxTable,
): Promise<{ readonly count: number; readonly oldestAt: Temporal.Instant | undefined }> {
  const [found] = await db
    .select({ count: count(), oldestAt: min(outbox.createdAt) })
    .from(outbox)
    .where(isNull(outbox.sentAt));
  return { count: found?.count ?? 0, oldestAt: found?.oldestAt?.toTemporalInstant() };
}

/** Drops a batch of the events sent before `before`: the log keeps them. Resolves to how many there were. */
export async function forgetSent(db: Queryable, outbox: OutboxTable, before: Temporal.Instant): Promise<number> {
  return deleteBatch(db, outbox, sql`${outbox.sentAt} < ${before.toString()}`);
}
