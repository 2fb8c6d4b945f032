import { and, eq, inArray, or, type SQL, sql } from 'drizzle-orm';

import type { KnownPatient } from '../domain/lab-patient-match.ts';
import type { LabIdentifier } from '../domain/lab-report.ts';
import type { Queryable } from './client.ts';
import { publishedIdentifiers, publishedIdentities } from './schema/patient-identity.ts';

export type KnownIdentity = KnownPatient & { readonly country: string };

const identity = {
  patientId: publishedIdentities.patientId,
  country: publishedIdentities.country,
  birthDate: publishedIdentities.birthDate,
  sex: publishedIdentities.sex,
};

/** Everybody whom one of the identifiers names. One without an assigning authority names nobody. */
export async function listIdentified(db: Queryable, identifiers: readonly LabIdentifier[]): Promise<KnownIdentity[]> {
  const named = identifiers.flatMap(({ system, value }) => (system === undefined ? [] : [isNamed(system, value)]));
  if (named.length === 0) return [];
  return db
    .selectDistinct(identity)
    .from(publishedIdentifiers)
    .innerJoin(publishedIdentities, eq(publishedIdentities.patientId, publishedIdentifiers.patientId))
    .where(or(...named));
}

function isNamed(system: string, value: string): SQL | undefined {
  return and(eq(publishedIdentifiers.authority, system), eq(publishedIdentifiers.value, value));
}

export async function listIdentities(db: Queryable, patientIds: readonly string[]): Promise<KnownIdentity[]> {
  if (patientIds.length === 0) return [];
  return db
    .select(identity)
    .from(publishedIdentities)
    .where(inArray(publishedIdentities.patientId, [...patientIds]))
    .orderBy(sql`patient_id`);
}
