import { and, eq, isNull, sql } from 'drizzle-orm';

import type { Database, Queryable } from './client.ts';
import { deleteBatch } from './delete-batch.ts';
import { labMessageClaims, labMessageKeys, labMessages, type MessageState } from './schema/laboratory.ts';

export type LabMessageRow = typeof labMessages.$inferSelect;

/** A message's place in its partitioned table. */
export type MessageKey = Pick<LabMessageRow, 'id' | 'receivedAt'>;

export type MessageClaim =
  /** Nobody has sent it before. */
  | { readonly is: 'new' }
  /** The same content has come before under this number. */
  | { readonly is: 'repeated'; readonly messageId: string; readonly receivedAt: Temporal.Instant; isPublished: boolean }
  /** Other content has come before under this number. */
  | { readonly is: 'reused' };

/**
 * Takes a sender's number for a message. Who comes at the same time with the same number waits for the first to commit.
 */
export async function claimMessage(tx: Queryable, message: LabMessageRow): Promise<MessageClaim> {
  const { sender, controlId, contentHash, receivedAt } = message;
  const taken = await tx
    .insert(labMessageClaims)
    .values({ sender, controlId, contentHash, receivedAt, messageId: message.id })
    .onConflictDoNothing()
    .returning({ messageId: labMessageClaims.messageId });
  if (taken.length === 1) return { is: 'new' };
  const [claim] = await tx.select().from(labMessageClaims).where(isOf(message));
  if (!claim?.contentHash.equals(contentHash)) return { is: 'reused' };
  const { messageId, publishedAt } = claim;
  return { is: 'repeated', messageId, receivedAt: claim.receivedAt, isPublished: publishedAt !== null };
}

/** Notes that a message is in the log for certain. */
export async function markPublished(
  db: Queryable,
  message: Pick<LabMessageRow, 'sender' | 'controlId'>,
  now: Temporal.Instant,
): Promise<void> {
  await db
    .update(labMessageClaims)
    .set({ publishedAt: now })
    .where(and(isOf(message), isNull(labMessageClaims.publishedAt)));
}

function isOf({ sender, controlId }: Pick<LabMessageRow, 'sender' | 'controlId'>) {
  return and(eq(labMessageClaims.sender, sender), eq(labMessageClaims.controlId, controlId));
}

export async function insertMessage(tx: Queryable, message: LabMessageRow): Promise<void> {
  await tx.insert(labMessages).values(message);
}

export async function setMessageState(
  tx: Queryable,
  { id, receivedAt }: MessageKey,
  state: MessageState,
  country?: string,
): Promise<void> {
  await tx
    .update(labMessages)
    .set({ state, ...(country !== undefined && { country }) })
    .where(and(eq(labMessages.id, id), eq(labMessages.receivedAt, receivedAt)));
}

export async function insertMessageKey(tx: Queryable, messageId: string, key: Buffer, now: Temporal.Instant) {
  await tx.insert(labMessageKeys).values({ messageId, key, createdAt: now });
}

/** Undefined once nobody has to read the message any more. */
export async function findMessageKey(db: Queryable, messageId: string): Promise<Buffer | undefined> {
  const [kept] = await db
    .select({ key: labMessageKeys.key })
    .from(labMessageKeys)
    .where(eq(labMessageKeys.messageId, messageId));
  return kept?.key;
}

/** From the commit on nobody can read what the message was sealed as, wherever it lies. */
export async function destroyMessageKey(tx: Queryable, messageId: string): Promise<void> {
  await tx.delete(labMessageKeys).where(eq(labMessageKeys.messageId, messageId));
}

/** Drops a batch of the claims older than `before`. Resolves to how many there were. */
export async function forgetClaims(db: Database, before: Temporal.Instant): Promise<number> {
  return deleteBatch(db, labMessageClaims, sql`${labMessageClaims.receivedAt} < ${before.toString()}`);
}

/** Drops a batch of the keys older than `before` of messages that are in no quarantine. Resolves to how many there were. */
export async function forgetMessageKeys(db: Database, before: Temporal.Instant): Promise<number> {
  const isWaiting = sql`EXISTS (SELECT FROM laboratory.quarantine q
    WHERE q.message_id = ${labMessageKeys.messageId} AND q.state = 'waiting')`;
  return deleteBatch(db, labMessageKeys, sql`${labMessageKeys.createdAt} < ${before.toString()} AND NOT ${isWaiting}`);
}
