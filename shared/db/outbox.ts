import { and, asc, type Column, isNull, type SQL, sql } from 'drizzle-orm';

import type { AnyEvent, EventContract, EventOf } from '../../schemas/events/contract.ts';
import type { Database, Queryable } from './client.ts';
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

/** Appends events to the log; rejects when any of them may not be there. */
export type AppendEvents = (events: readonly OutgoingEvent[]) => Promise<void>;

/**
 * Appends the unsent events of the keys, or of any key, to the log, the oldest of a key first, and marks them sent.
 * The rows stay locked meanwhile, so two publishers never pass one another within a key. At least once: a crash
 * between append and commit appends again.
 * @returns how many were sent.
 */
export async function sendUnsent(
  db: Database,
  outbox: OutboxTable,
  append: AppendEvents,
  { keys, limit }: { keys?: readonly string[]; limit: number },
): Promise<number> {
  return db.transaction(async (tx) => {
    const unsent = await tx
      .select({ seq: outbox.seq, topic: outbox.topic, partitionKey: outbox.partitionKey, event: outbox.event })
      .from(outbox)
      .where(and(isNull(outbox.sentAt), keys && isAnyOf(outbox.partitionKey, keys)))
      // As the index of unsent rows is ordered, and the same for all who lock them.
      .orderBy(asc(outbox.partitionKey), asc(outbox.seq))
      .limit(limit)
      .for('update');
    if (unsent.length === 0) return 0;
    await append(unsent);
    const sent = unsent.map(({ seq }) => seq);
    await tx
      .update(outbox)
      .set({ sentAt: sql`clock_timestamp()` })
      .where(isAnyOf(outbox.seq, sent));
    return sent.length;
  });
}

/** The same, batch after batch, until none of the keys' events is left. */
export async function sendAllUnsent(
  db: Database,
  outbox: OutboxTable,
  append: AppendEvents,
  keys: readonly string[],
): Promise<void> {
  for (let sent = BATCH; sent === BATCH;) sent = await sendUnsent(db, outbox, append, { keys, limit: BATCH });
}

const BATCH = 500;

/** One parameter however many there are, so that it stays one statement to the server. */
function isAnyOf(column: Column, values: readonly unknown[]): SQL {
  return sql`${column} = ANY(${sql.param(values)})`;
}

/** Drops a batch of the events sent before `before`: the log keeps them. Resolves to how many there were. */
export async function forgetSent(db: Queryable, outbox: OutboxTable, before: Temporal.Instant): Promise<number> {
  return deleteBatch(db, outbox, sql`${outbox.sentAt} < ${before.toString()}`);
}
