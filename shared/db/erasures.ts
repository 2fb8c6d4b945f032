import { and, asc, desc, eq, inArray, isNotNull, lte, sql } from 'drizzle-orm';

import { ErasureRequested } from '../../schemas/events/jobs.v1.ts';
import { AppError } from '../errors.ts';
import type { Database, Queryable } from './client.ts';
import { deleteBatch } from './delete-batch.ts';
import { enqueue } from './outbox.ts';
import { erasureJob } from './patient-jobs.ts';
import { type ErasureRow, erasures, erasureSteps, jobRuns, retainedRecords, workerOutbox } from './schema/worker.ts';

export type NewErasure = Pick<ErasureRow, 'id' | 'country' | 'patientId' | 'requestedBy' | 'requestedAt'>;

/** Asks for an erasure, unless the patient's is under way or done. @returns the one that there is. */
export async function requestErasure(tx: Queryable, wanted: NewErasure): Promise<ErasureRow> {
  const [made] = await tx.insert(erasures).values(wanted).onConflictDoNothing().returning();
  if (made) return made;
  const standing = and(eq(erasures.patientId, wanted.patientId), sql`${erasures.status} <> 'failed'`);
  const [row] = await tx.select().from(erasures).where(standing);
  if (!row) throw new AppError('in-progress', 'Another erasure of the same patient has just been given up.');
  return row;
}

/** Found in its own country only. */
export async function findErasure(db: Queryable, country: string, id: string): Promise<ErasureRow | undefined> {
  const [row] = await db
    .select()
    .from(erasures)
    .where(and(eq(erasures.country, country), eq(erasures.id, id)));
  return row;
}

/** Whether the patient's last erasure has not come to its end: it may be asked for again, though nobody finds the patient. */
export async function isErasureOpen(db: Queryable, country: string, patientId: string): Promise<boolean> {
  const [last] = await db
    .select({ status: erasures.status })
    .from(erasures)
    .where(and(eq(erasures.country, country), eq(erasures.patientId, patientId)))
    .orderBy(desc(erasures.requestedAt))
    .limit(1);
  return last !== undefined && last.status !== 'completed';
}

/** Keeps a patient's sealed birth date with their erasure. */
export async function keepBirthDate(db: Queryable, id: string, bornOn: string): Promise<void> {
  await db.update(erasures).set({ bornOn }).where(eq(erasures.id, id));
}

/** The sealed birth date that was kept with an erasure of the patient, also with one that was given up. */
export async function findKeptBirthDate(db: Queryable, patientId: string): Promise<string | undefined> {
  const [kept] = await db
    .select({ bornOn: erasures.bornOn })
    .from(erasures)
    .where(and(eq(erasures.patientId, patientId), isNotNull(erasures.bornOn)))
    .limit(1);
  return kept?.bornOn ?? undefined;
}

/** What is done of an erasure, in the order in which it was. */
export async function listErasureSteps(db: Queryable, erasureId: string) {
  return db
    .select({ step: erasureSteps.step, erased: erasureSteps.erased, doneAt: erasureSteps.doneAt })
    .from(erasureSteps)
    .where(eq(erasureSteps.erasureId, erasureId))
    .orderBy(asc(erasureSteps.doneAt));
}

export async function saveErasureStep(db: Queryable, step: typeof erasureSteps.$inferInsert): Promise<void> {
  await db.insert(erasureSteps).values(step).onConflictDoNothing();
}

/** @returns whether it was not completed before. */
export async function completeErasure(tx: Queryable, id: string, now: Temporal.Instant): Promise<boolean> {
  const { rowCount } = await tx
    .update(erasures)
    .set({ status: 'completed', completedAt: now })
    .where(and(eq(erasures.id, id), eq(erasures.status, 'requested')));
  return rowCount === 1;
}

/** An erasure that was given up: it may be asked for again. */
export async function failErasure(db: Queryable, id: string): Promise<void> {
  await db
    .update(erasures)
    .set({ status: 'failed' })
    .where(and(eq(erasures.id, id), eq(erasures.status, 'requested')));
}

/** Longer than a job that failed waits for its next delivery. */
const GIVEN_UP_AFTER = { minutes: 15 };

type During = { readonly now: Temporal.Instant; readonly traceparent: string };

/**
 * Asks again for the jobs of up to `limit` erasures under way that nobody has tried or asked again for a while: they may have
 * been given up. Resolves to how many there were.
 */
export async function askAgainForErasures(db: Database, { now, traceparent }: During, limit: number): Promise<number> {
  return db.transaction(async (tx) => {
    const waiting = await lockUntried(tx, now.subtract(GIVEN_UP_AFTER), limit);
    if (waiting.length === 0) return 0;
    const ids = waiting.map(({ id }) => id);
    await tx.update(erasures).set({ askedAgainAt: now }).where(inArray(erasures.id, ids));
    await enqueue(
      tx,
      workerOutbox,
      waiting.map((row) => erasureJob(row, traceparent)),
    );
    return waiting.length;
  });
}

/** What another asks for again at the same time is left to it. */
async function lockUntried(tx: Queryable, since: Temporal.Instant, limit: number): Promise<ErasureRow[]> {
  const wasTried = sql`EXISTS (SELECT FROM ${jobRuns} WHERE ${jobRuns.type} = ${ErasureRequested.type}
    AND ${jobRuns.idempotencyKey} = ${erasures.id}::text
    AND greatest(${jobRuns.leaseUntil}, ${jobRuns.endedAt}) > ${since.toString()})`;
  return tx
    .select()
    .from(erasures)
    .where(
      and(
        eq(erasures.status, 'requested'),
        lte(erasures.requestedAt, since),
        sql`(${erasures.askedAgainAt} IS NULL OR ${erasures.askedAgainAt} <= ${since.toString()})`,
        sql`NOT ${wasTried}`,
      ),
    )
    .orderBy(asc(erasures.requestedAt))
    .limit(limit)
    .for('update', { skipLocked: true });
}

/** Keeps what law keeps; the same content again is kept once. */
export async function retain(db: Queryable, record: typeof retainedRecords.$inferInsert): Promise<void> {
  await db.insert(retainedRecords).values(record).onConflictDoNothing();
}

/** What law keeps of whom an erasure erased, by context, law and end. */
export async function listRetained(db: Queryable, erasureId: string) {
  const { context, law, keptUntil, records } = retainedRecords;
  return db
    .select({ context, law, keptUntil, records })
    .from(retainedRecords)
    .where(eq(retainedRecords.erasureId, erasureId))
    .orderBy(asc(context), asc(law), asc(keptUntil));
}

/** Drops a batch of what law does not keep any longer. Resolves to how many there were. */
export async function forgetRetained(db: Queryable, now: Temporal.Instant): Promise<number> {
  const today = now.toZonedDateTimeISO('UTC').toPlainDate().toString();
  return deleteBatch(db, retainedRecords, sql`${retainedRecords.keptUntil} <= ${today}`);
}
