import { sql } from 'drizzle-orm';

import type { AnyEvent } from '../../schemas/events/contract.ts';
import type { Database, Queryable } from './client.ts';
import { deleteBatch } from './delete-batch.ts';
import type { InboxTable } from './schema/inbox.ts';

/** How long a duplicate waits for the first delivery to commit before it is sent away to come again. */
const WAIT_FOR_TWIN_MS = 5_000;

/**
 * Runs `effect` in the transaction that claims the event for `consumer`, once for all deliveries of it.
 * A duplicate of a committed event resolves without effect; one that overlaps the first waits for its outcome and
 * throws `in-progress` when that takes too long. When the effect fails, so does the claim.
 * @returns what the effect returned, or undefined for a duplicate.
 */
export async function once<Result>(
  db: Database,
  inbox: InboxTable,
  consumer: string,
  event: Pick<AnyEvent, 'source' | 'id'>,
  effect: (tx: Queryable) => Promise<Result>,
): Promise<Result | undefined> {
  return db.transaction(async (tx) => {
    await tx.execute(sql.raw(`SET LOCAL lock_timeout = ${WAIT_FOR_TWIN_MS}`));
    const claimed = await tx
      .insert(inbox)
      .values({ consumer, source: event.source, eventId: event.id })
      .onConflictDoNothing()
      .returning({ consumer: inbox.consumer });
    return claimed.length === 1 ? effect(tx) : undefined;
  });
}

/** Drops a batch of the claims older than `before`: no source redelivers after its topic's retention. */
export async function forgetProcessed(db: Queryable, inbox: InboxTable, before: Temporal.Instant): Promise<number> {
  return deleteBatch(db, inbox, sql`${inbox.processedAt} < ${before.toString()}`);
}
