import { and, eq, inArray } from 'drizzle-orm';

import type { Queryable } from '../../shared/db/client.ts';
import { patients } from '../../shared/db/schema/patient.ts';
import { practitioners, visitTypes } from '../../shared/db/schema/practitioner.ts';
import type { CountryCode } from './country.ts';
import { patientId } from './patient.ts';
import { practitionerId, samplePractitioner } from './practitioner.ts';

type WithId = { readonly id: string };

export type CountrySampleIds = {
  readonly practitioners: readonly (WithId & { readonly visitTypes: readonly WithId[] })[];
  readonly patients: readonly WithId[];
};

const FIRST = Array.from({ length: 10 }, (_, index) => index);

/** The first ten sample practitioners and patients of a country, as far as they are there, always in the same order. */
export async function listCountrySamples(db: Queryable, country: CountryCode): Promise<CountrySampleIds> {
  const practitionerIds = FIRST.map((index) => practitionerId(country, index));
  const patientIds = FIRST.map((index) => patientId(country, index));
  const [knownPractitioners, knownPatients, visits] = await Promise.all([
    db
      .select({ id: practitioners.id })
      .from(practitioners)
      .where(and(eq(practitioners.country, country), inArray(practitioners.id, practitionerIds))),
    db.select({ id: patients.id }).from(patients).where(inArray(patients.id, patientIds)),
    db.select({ id: visitTypes.id }).from(visitTypes).where(inArray(visitTypes.practitionerId, practitionerIds)),
  ]);
  const known = new Set([...knownPractitioners, ...knownPatients, ...visits].map(({ id }) => id));
  const there = (id: string) => (known.has(id) ? [{ id }] : []);
  return {
    practitioners: FIRST.flatMap((index) => {
      const { profile, visitTypes: offered } = samplePractitioner(country, index, []);
      return there(profile.id).map(({ id }) => ({ id, visitTypes: offered.flatMap((visit) => there(visit.id)) }));
    }),
    patients: patientIds.flatMap(there),
  };
}
