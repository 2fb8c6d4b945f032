import { sql } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { publishedSubjectKeys, subjectKeys } from './schema/patient.ts';
import { statement } from './statement.ts';

const find = statement<{ wrapped: string | null }>(
  'find_subject_key',
  sql`SELECT wrapped_key AS wrapped FROM ${publishedSubjectKeys} WHERE patient_id = ${sql.placeholder('patientId')}`,
);

/** A patient's wrapped key; null once it was destroyed, undefined where there never was one. */
export async function findSubjectKey(db: Queryable, patientId: string): Promise<string | null | undefined> {
  const { rows } = await find(db, { patientId });
  return rows[0]?.wrapped;
}

/**
 * Keeps a wrapped key for a patient who has none.
 * @returns the one that is kept, which may be another's who came first; null where it was destroyed.
 */
export async function keepSubjectKey(db: Queryable, patientId: string, wrapped: string): Promise<string | null> {
  const { rows } = await db.execute<{ kept: string | null }>(
    sql`SELECT patient.keep_subject_key(${patientId}, ${wrapped}) AS kept`,
  );
  return rows[0]?.kept ?? null;
}

/**
 * Destroys a patient's key: whatever was sealed for them, wherever it lies, is unreadable from the commit on, and nothing
 * is sealed for them again. Needs the role of the patient context.
 */
export async function destroySubjectKey(tx: Queryable, patientId: string, now: Temporal.Instant): Promise<void> {
  const destroyed = { wrappedKey: null, destroyedAt: now };
  await tx
    .insert(subjectKeys)
    .values({ patientId, ...destroyed })
    .onConflictDoUpdate({
      target: subjectKeys.patientId,
      set: destroyed,
      setWhere: sql`${subjectKeys.destroyedAt} IS NULL`,
    });
}
