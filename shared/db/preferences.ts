import { eq, lt } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { preferences } from './schema/patient.ts';

export type PreferencesRow = typeof preferences.$inferSelect;

/** A patient's preferences, kept from others until the transaction ends where `lock` says so. */
export async function findPreferences(
  db: Queryable,
  patientId: string,
  lock?: 'update',
): Promise<PreferencesRow | undefined> {
  const query = db.select().from(preferences).where(eq(preferences.patientId, patientId));
  const [found] = await (lock ? query.for(lock) : query);
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
