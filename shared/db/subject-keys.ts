import { eq, sql } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { publishedSubjectKeys, subjectKeys } from './schema/patient.ts';

/** A patient's wrapped key; null once it was destroyed, undefined where there never was one. */
export async function findSubjectKey(db: Queryable, patientId: string): Promise<string | null | undefined> {
  const [kept] = await db
    .select({ wrappedKey: publishedSubjectKeys.wrappedKey })
    .from(publishedSubjectKeys)
    .where(eq(publishedSubjectKeys.patientId, patientId));
  return kept?.wrappedKey;
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
