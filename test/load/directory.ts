import { and, asc, eq } from 'drizzle-orm';

import type { Database } from '../../shared/db/client.ts';
import { patients } from '../../shared/db/schema/patient.ts';
import { practitioners, visitTypes } from '../../shared/db/schema/practitioner.ts';

export type Practice = { readonly country: string; readonly practitionerId: string; readonly visitTypeIds: string[] };

/** Who can be booked, and by whom. */
export type Directory = {
  readonly practices: readonly Practice[];
  readonly patientsOf: ReadonlyMap<string, readonly string[]>;
};

/** Everybody the platform knows, always in the same order. */
export async function readDirectory(db: Database): Promise<Directory> {
  const offered = await db
    .select({ country: practitioners.country, practitionerId: practitioners.id, visitTypeId: visitTypes.id })
    .from(practitioners)
    .innerJoin(
      visitTypes,
      and(eq(visitTypes.country, practitioners.country), eq(visitTypes.practitionerId, practitioners.id)),
    )
    .orderBy(asc(practitioners.country), asc(practitioners.ordinal), asc(visitTypes.id));
  const everybody = await db
    .select({ country: patients.country, id: patients.id })
    .from(patients)
    .orderBy(asc(patients.country), asc(patients.id));
  const byCountry = Map.groupBy(everybody, ({ country }) => country);
  return {
    practices: [...Map.groupBy(offered, ({ practitionerId }) => practitionerId)].flatMap(([practitionerId, rows]) => {
      const visitTypeIds = rows.map(({ visitTypeId }) => visitTypeId);
      const country = rows[0]?.country ?? '';
      return byCountry.has(country) ? [{ country, practitionerId, visitTypeIds }] : [];
    }),
    patientsOf: new Map([...byCountry].map(([country, rows]) => [country, rows.map(({ id }) => id)])),
  };
}
