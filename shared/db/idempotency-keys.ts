import { and, eq, sql } from 'drizzle-orm';

import type { IdempotencyClaim, SavedAnswer } from '../domain/idempotency.ts';
import type { Database, Queryable } from './client.ts';
import { deleteBatch } from './delete-batch.ts';
import { bookingIdempotencyKeys as keys } from './schema/booking.ts';

const LIFETIME = sql`interval '24 hours'`;

/** The answer saved under the caller's key in the last 24 hours. An older one is dropped, so the key is free again. */
export async function findAnswer(db: Database, claim: IdempotencyClaim): Promise<SavedAnswer | undefined> {
  const [saved] = await db
    .select({
      fingerprint: keys.fingerprint,
      status: keys.status,
      body: keys.body,
      fresh: sql<boolean>`${keys.createdAt} > now() - ${LIFETIME}`,
    })
    .from(keys)
    .where(identity(claim));
  if (saved === undefined || saved.fresh) return saved;
  await db.delete(keys).where(and(identity(claim), sql`${keys.createdAt} <= now() - ${LIFETIME}`));
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

function identity({ subject, operation, key }: IdempotencyClaim) {
  return and(eq(keys.subject, subject), eq(keys.operation, operation), eq(keys.key, key));
}
