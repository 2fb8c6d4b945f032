import { and, asc, eq, ne, sql } from 'drizzle-orm';

import type { ReleasePreference } from '../domain/lab-release.ts';
import type { Database, Queryable } from './client.ts';
import type { ReportId } from './lab-reports.ts';
import { labReports, releasePreferences } from './schema/laboratory.ts';

/**
 * When a patient wants to see results, as is advised where they have not said; it stays so until the transaction ends. It comes
 * after all reports that the transaction takes.
 */
export async function shareReleasePreference(tx: Queryable, patientId: string): Promise<ReleasePreference> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock_shared(hashtextextended(${patientId}::uuid::text, 5))`);
  const [said] = await tx.select().from(releasePreferences).where(eq(releasePreferences.patientId, patientId));
  return said?.preference ?? 'as-advised';
}

/** Whoever still decides by the former has committed when this does; what they held is out of step from then on. */
export async function saveReleasePreference(
  db: Database,
  patientId: string,
  preference: ReleasePreference,
): Promise<void> {
  await db.transaction(async (tx) => {
    await takeReleasePreference(tx, patientId);
    await tx
      .insert(releasePreferences)
      .values({ patientId, preference, isNew: true })
      .onConflictDoUpdate({
        target: releasePreferences.patientId,
        set: { preference, isNew: true },
        setWhere: ne(releasePreferences.preference, preference),
      });
  });
}

async function takeReleasePreference(tx: Queryable, patientId: string): Promise<void> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${patientId}::uuid::text, 5))`);
}

/** Whether what is held may be out of step with what somebody prefers by now. */
export async function hasNewPreferences(db: Queryable): Promise<boolean> {
  const found = await db
    .select({ patientId: releasePreferences.patientId })
    .from(releasePreferences)
    .where(eq(releasePreferences.isNew, true))
    .limit(1);
  return found.length > 0;
}

/** What waits for its time and was decided by another preference than the patient's of now. */
const IS_OUT_OF_STEP = sql`${labReports.patientId} = ${releasePreferences.patientId} AND ${labReports.releaseAt} IS NOT NULL AND (
  ${labReports.ownReleaseAt} IS NOT NULL AND ${labReports.ownReleasedAt} IS NULL
    AND ${labReports.preference} IS DISTINCT FROM ${releasePreferences.preference}
  OR EXISTS (SELECT FROM laboratory.observations o WHERE o.report_id = ${labReports.id}
    AND o.release_at IS NOT NULL AND o.released_at IS NULL
    AND o.preference IS DISTINCT FROM ${releasePreferences.preference}))`;

/** Up to `limit` reports of which something held is out of step with what its patient prefers by now. */
export async function listOutOfStep(db: Queryable, limit: number): Promise<ReportId[]> {
  return db
    .select({ id: labReports.id, country: labReports.country })
    .from(releasePreferences)
    .innerJoin(labReports, IS_OUT_OF_STEP)
    .where(eq(releasePreferences.isNew, true))
    .orderBy(asc(labReports.id))
    .limit(limit);
}

/** Notes of up to `limit` patients that nothing held is out of step any more, where that is so. */
export async function settlePreferences(db: Database, limit: number): Promise<void> {
  const found = await db
    .select({ patientId: releasePreferences.patientId })
    .from(releasePreferences)
    .where(eq(releasePreferences.isNew, true))
    .orderBy(asc(releasePreferences.patientId))
    .limit(limit);
  for (const { patientId } of found) await settlePreference(db, patientId);
}

async function settlePreference(db: Database, patientId: string): Promise<void> {
  await db.transaction(async (tx) => {
    await takeReleasePreference(tx, patientId);
    await tx
      .update(releasePreferences)
      .set({ isNew: false })
      .where(
        and(
          eq(releasePreferences.patientId, patientId),
          sql`NOT EXISTS (SELECT FROM ${labReports} WHERE ${IS_OUT_OF_STEP})`,
        ),
      );
  });
}
