import { eq, lt } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { preferences } from './schema/patient.ts';

export type PreferencesRow = typeof preferences.$inferSelect;

export async function findPreferences(db: Queryable, patientId: string): Promise<PreferencesRow | undefined> {
  const [found] = await db.select().from(preferences).where(eq(preferences.patientId, patientId));
  return found;
}

/** Writes preferences unless newer ones are known. @returns whether they were written. */
export async function savePreferences(tx: Queryable, row: PreferencesRow): Promise<boolean> {
  const saved = await tx
    .insert(preferences)
    .values(row)
    .onConflictDoUpdate({ target: preferences.patientId, set: row, setWhere: lt(preferences.version, row.version) })
    .returning({ patientId: preferences.patientId });
  return saved.length === 1;
}
