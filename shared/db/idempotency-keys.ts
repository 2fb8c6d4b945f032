import { type SQL, sql } from 'drizzle-orm';
import { getTableConfig } from 'drizzle-orm/pg-core';

import type { IdempotencyClaim, SavedAnswer } from '../domain/idempotency.ts';
import type { Database, Queryable } from './client.ts';
import { deleteBatch } from './delete-batch.ts';
import { bookingIdempotencyKeys } from './schema/booking.ts';
import type { IdempotencyKeysTable } from './schema/idempotency-keys.ts';
import { statement } from './statement.ts';

/** What a context answered under its callers' idempotency keys. */
export type SavedAnswers = {
  /** The answer saved under the caller's key in the last 24 hours. An older one is dropped, so the key is free again. */
  find(db: Database, claim: IdempotencyClaim): Promise<SavedAnswer | undefined>;
  /** Saves an answer with the effect it tells of; a second one under the same key breaks the constraint. */
  save(tx: Queryable, claim: IdempotencyClaim | undefined, answer: { status: number; body: unknown }): Promise<void>;
  /** Drops a batch of the keys nobody can replay any more. Resolves to how many there were. */
  forget(db: Queryable, before: Temporal.Instant): Promise<number>;
};

const IDENTITY = sql`subject = ${sql.placeholder('subject')} AND operation = ${sql.placeholder('operation')}
  AND key = ${sql.placeholder('key')}`;
const IS_OVER = sql`created_at <= now() - interval '24 hours'`;

export function savedAnswers(keys: IdempotencyKeysTable): SavedAnswers {
  const prefix = getTableConfig(keys).schema;
  const findSaved = statement<SavedAnswer & { over: boolean }>(`${prefix}_find_answer`, selectOf(keys));
  const drop = statement(`${prefix}_drop_answer`, sql`DELETE FROM ${keys} WHERE ${IDENTITY} AND ${IS_OVER}`);
  return {
    async find(db, claim) {
      const [saved] = (await findSaved(db, claim)).rows;
      if (saved?.over !== true) return saved;
      await drop(db, claim);
      return undefined;
    },
    async save(tx, claim, answer) {
      if (claim) await tx.insert(keys).values({ ...claim, ...answer });
    },
    forget: (db, before) => deleteBatch(db, keys, sql`${keys.createdAt} < ${before.toString()}`),
  };
}

export const { find: findAnswer, save: saveAnswer, forget: forgetAnswers } = savedAnswers(bookingIdempotencyKeys);

function selectOf(keys: IdempotencyKeysTable): SQL {
  return sql`SELECT fingerprint, status, body, ${IS_OVER} AS over FROM ${keys} WHERE ${IDENTITY}`;
}
