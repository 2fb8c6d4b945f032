import { eq } from 'drizzle-orm';

import type { ReleasePreference } from '../domain/lab-release.ts';
import type { Queryable } from './client.ts';
import { releasePreferences } from './schema/laboratory.ts';

/** When a patient wants to see results; as is advised where they have not said. */
export async function getReleasePreference(db: Queryable, patientId: string): Promise<ReleasePreference> {
  const [said] = await db.select().from(releasePreferences).where(eq(releasePreferences.patientId, patientId));
  return said?.preference ?? 'as-advised';
}

export async function saveReleasePreference(
  db: Queryable,
  patientId: string,
  preference: ReleasePreference,
): Promise<void> {
  await db
    .insert(releasePreferences)
    .values({ patientId, preference })
    .onConflictDoUpdate({ target: releasePreferences.patientId, set: { preference } });
}
