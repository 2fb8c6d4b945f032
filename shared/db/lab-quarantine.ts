import { and, asc, eq, isNotNull, isNull, or, sql } from 'drizzle-orm';

import { AppError } from '../errors.ts';
import type { Database, Queryable } from './client.ts';
import { deleteBatch } from './delete-batch.ts';
import { labQuarantine } from './schema/laboratory.ts';

export type QuarantineRow = typeof labQuarantine.$inferSelect;
export type NewQuarantine = Omit<QuarantineRow, 'state' | 'decidedBy' | 'decidedAt'>;

/** Puts a message aside; a message is there once. @returns whether it was not. */
export async function quarantine(tx: Queryable, row: NewQuarantine): Promise<boolean> {
  const { rowCount } = await tx.insert(labQuarantine).values(row).onConflictDoNothing();
  return rowCount === 1;
}

export type ReceivedKey = { readonly receivedAt: Temporal.Instant; readonly id: string };

/** Where somebody may look: in a country, and, who is bound to none, at what nobody could tell the country of. */
export type Reach = { readonly country: string; readonly isUnbound: boolean };

/** What waits within reach, the oldest first. */
export async function listQuarantined(
  db: Queryable,
  reach: Reach,
  { after, limit }: { after: ReceivedKey | undefined; limit: number },
): Promise<QuarantineRow[]> {
  return db
    .select()
    .from(labQuarantine)
    .where(
      and(
        eq(labQuarantine.state, 'waiting'),
        isWithin(reach),
        after &&
          sql`(${labQuarantine.receivedAt}, ${labQuarantine.id}) > (${after.receivedAt.toString()}, ${after.id})`,
      ),
    )
    .orderBy(asc(labQuarantine.receivedAt), asc(labQuarantine.id))
    .limit(limit);
}

/** Throws `not-found`. */
export async function getQuarantined(db: Queryable, reach: Reach, id: string): Promise<QuarantineRow> {
  const [row] = await db.select().from(labQuarantine).where(isOne(reach, id));
  if (row === undefined) throw noSuchMessage();
  return row;
}

/** Reads what was put aside and keeps it from others until the transaction ends. Throws `not-found`. */
export async function lockQuarantined(tx: Queryable, reach: Reach, id: string): Promise<QuarantineRow> {
  const [row] = await tx.select().from(labQuarantine).where(isOne(reach, id)).for('update');
  if (row === undefined) throw noSuchMessage();
  return row;
}

function noSuchMessage(): AppError {
  return new AppError('not-found', 'There is no such message in quarantine.');
}

function isOne(reach: Reach, id: string) {
  return and(eq(labQuarantine.id, id), isWithin(reach));
}

function isWithin({ country, isUnbound }: Reach) {
  return or(eq(labQuarantine.country, country), isUnbound ? isNull(labQuarantine.country) : undefined);
}

/** What has turned out to be somebody's after all waits no more. */
export async function releaseIfWaiting(
  tx: Queryable,
  id: string,
  decision: { decidedBy: string; decidedAt: Temporal.Instant },
): Promise<void> {
  await tx
    .update(labQuarantine)
    .set({ ...decision, state: 'released', sealed: '' })
    .where(and(eq(labQuarantine.id, id), eq(labQuarantine.state, 'waiting')));
}

export async function decideQuarantined(
  tx: Queryable,
  id: string,
  decision: { state: 'released' | 'discarded'; decidedBy: string; decidedAt: Temporal.Instant },
): Promise<void> {
  // What was decided on is read no more, so it is not kept.
  await tx
    .update(labQuarantine)
    .set({ ...decision, sealed: '' })
    .where(eq(labQuarantine.id, id));
}

/** Drops a batch of what nobody has decided on since before `before`. Resolves to how many there were. */
export async function forgetWaiting(db: Database, before: Temporal.Instant): Promise<number> {
  return deleteBatch(
    db,
    labQuarantine,
    sql`${labQuarantine.state} = 'waiting' AND ${labQuarantine.receivedAt} < ${before.toString()}`,
  );
}

/** Drops a batch of what was decided on before `before`. Resolves to how many there were. */
export async function forgetDecided(db: Database, before: Temporal.Instant): Promise<number> {
  return deleteBatch(
    db,
    labQuarantine,
    sql`${isNotNull(labQuarantine.decidedAt)} AND ${labQuarantine.decidedAt} < ${before.toString()}`,
  );
}
