import { sql } from 'drizzle-orm';

import type { IdempotencyClaim, SavedAnswer } from '../domain/idempotency.ts';
import type { Database, Queryable } from './client.ts';
import { deleteBatch } from './delete-batch.ts';
import { bookingIdempotencyKeys as keys } from './schema/booking.ts';
import { statement } from './statement.ts';

const IDENTITY = sql`subject = ${sql.placeholder('subject')} AND operation = ${sql.placeholder('operation')}
  AND key = ${sql.placeholder('key')}`;
const IS_OVER = sql`created_at <= now() - interval '24 hours'`;

const find = statement<SavedAnswer & { over: boolean }>(
  'find_answer',
  sql`SELECT fingerprint, status, body, ${IS_OVER} AS over FROM ${keys} WHERE ${IDENTITY}`,
);
const drop = statement('drop_answer', sql`DELETE FROM ${keys} WHERE ${IDENTITY} AND ${IS_OVER}`);

/** The answer saved under the caller's key in the last 24 hours. An older one is dropped, so the key is free again. */
export async function findAnswer(db: Database, claim: IdempotencyClaim): Promise<SavedAnswer | undefined> {
  const [saved] = (await find(db, claim)).rows;
  if (saved?.over !== true) return saved;
  await drop(db, claim);
  return undefined;
}

/** Saves an answer with the effect it tells of; a second one under the same key breaks the constraint. */
export async function saveAnswer(
  tx: Queryable,
  claim: IdempotencyClaim | undefined,
  answer: { status: number; body: unknown },
): Promise<void> {
  if (claim) await tx.insert(keys).values({ ...claim, ...answer });
}

/** Drops a batch of the keys nobody can replay any more. Resolves to how many there were. */
export async function forgetAnswers(db: Queryable, before: Temporal.Instant): Promise<number> {
  return deleteBatch(db, keys, sql`${keys.createdAt} < ${before.toString()}`);
}
