import { and, eq, inArray, ne, or, sql } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { deleteBatch } from './delete-batch.ts';
import { deliveries, erasedPatients, knownBookings, notices, reminders } from './schema/notification.ts';

/**
 * Deletes what is known and told of a patient, and remembers that they were erased. Only what practitioners are still to be
 * told stays until then.
 */
export async function forgetPatient(tx: Queryable, patientId: string, erasedAt: Temporal.Instant): Promise<void> {
  await tx.insert(erasedPatients).values({ patientId, erasedAt }).onConflictDoNothing();
  const about = tx.select({ id: notices.id }).from(notices).where(eq(notices.patientId, patientId));
  const toOthers = and(inArray(deliveries.noticeId, about), ne(deliveries.recipientType, 'practitioner'));
  await tx.delete(deliveries).where(or(eq(deliveries.recipientId, patientId), toOthers));
  await tx.delete(reminders).where(eq(reminders.patientId, patientId));
  await forgetTold(tx, patientId);
}

export async function isErased(db: Queryable, patientId: string): Promise<boolean> {
  const found = await db
    .select({ patientId: erasedPatients.patientId })
    .from(erasedPatients)
    .where(eq(erasedPatients.patientId, patientId));
  return found.length > 0;
}

const isTold = sql`NOT EXISTS (SELECT FROM ${deliveries} WHERE ${deliveries.noticeId} = ${notices.id}
  AND ${deliveries.status} IN ('held', 'planned', 'claimed', 'failed'))`;
const isOfNoUse = sql`NOT EXISTS (SELECT FROM ${notices} WHERE ${notices.subjectId} = ${knownBookings.bookingId})`;

/** Deletes what was told others of a patient who was erased, as far as it is told. */
export async function forgetTold(db: Queryable, patientId: string): Promise<void> {
  await db.delete(notices).where(and(eq(notices.patientId, patientId), isTold));
  await db.delete(knownBookings).where(and(eq(knownBookings.patientId, patientId), isOfNoUse));
}

/** Deletes a batch of the same, of all who were erased. Resolves to how many rows there were. */
export async function forgetToldOfErased(db: Queryable): Promise<number> {
  const erased = sql`(SELECT ${erasedPatients.patientId} FROM ${erasedPatients})`;
  const told = await deleteBatch(db, notices, sql`${notices.patientId} IN ${erased} AND ${isTold}`);
  return told + (await deleteBatch(db, knownBookings, sql`${knownBookings.patientId} IN ${erased} AND ${isOfNoUse}`));
}

/** Drops a batch of those erased before `before`. Resolves to how many there were. */
export async function forgetErased(db: Queryable, before: Temporal.Instant): Promise<number> {
  return deleteBatch(db, erasedPatients, sql`${erasedPatients.erasedAt} < ${before.toString()}`);
}
