import { and, asc, eq, inArray } from 'drizzle-orm';

import type { Queryable } from '../../shared/db/client.ts';
import { testKits } from '../../shared/db/schema/homekit.ts';
import { patients } from '../../shared/db/schema/patient.ts';
import { practitioners, visitTypes } from '../../shared/db/schema/practitioner.ts';
import type { CountryCode } from './country.ts';
import { patientId, samplePatient } from './patient.ts';
import { practitionerId, samplePractitioner } from './practitioner.ts';
import { kitCode } from './test-kit.ts';

type WithId = { readonly id: string };

type SampleIdentity = {
  readonly identifier: { readonly authority: string; readonly value: string };
  readonly birthDate: string;
  readonly sex: string;
};

export type CountrySampleIds = {
  readonly practitioners: readonly (WithId & { readonly visitTypes: readonly WithId[] })[];
  /** With what a laboratory's message names them by. */
  readonly patients: readonly (WithId & SampleIdentity)[];
  /** Of lots that have not expired. */
  readonly testKits: readonly { readonly code: string }[];
};

const FIRST = Array.from({ length: 10 }, (_, index) => index);

/** The first ten sample practitioners, patients and test kits of a country, as far as they are there, always in the same order. */
export async function listCountrySamples(db: Queryable, country: CountryCode): Promise<CountrySampleIds> {
  const practitionerIds = FIRST.map((index) => practitionerId(country, index));
  const patientIds = FIRST.map((index) => patientId(country, index));
  const kitCodes = FIRST.slice(0, -1).map((index) => kitCode(country, index));
  const [knownPractitioners, knownPatients, visits, kits] = await Promise.all([
    db
      .select({ id: practitioners.id })
      .from(practitioners)
      .where(and(eq(practitioners.country, country), inArray(practitioners.id, practitionerIds))),
    db.select({ id: patients.id }).from(patients).where(inArray(patients.id, patientIds)),
    db.select({ id: visitTypes.id }).from(visitTypes).where(inArray(visitTypes.practitionerId, practitionerIds)),
    db
      .select({ code: testKits.code })
      .from(testKits)
      .where(inArray(testKits.code, kitCodes))
      .orderBy(asc(testKits.code)),
  ]);
  const known = new Set([...knownPractitioners, ...knownPatients, ...visits].map(({ id }) => id));
  const there = (id: string) => (known.has(id) ? [{ id }] : []);
  return {
    practitioners: FIRST.flatMap((index) => {
      const { profile, visitTypes: offered } = samplePractitioner(country, index, []);
      return there(profile.id).map(({ id }) => ({ id, visitTypes: offered.flatMap((visit) => there(visit.id)) }));
    }),
    patients: FIRST.flatMap((index) =>
      there(patientId(country, index)).map(({ id }) => ({ id, ...identityOf(country, index) })),
    ),
    testKits: kits,
  };
}

function identityOf(country: CountryCode, index: number): SampleIdentity {
  const { identifier, profile } = samplePatient(country, index);
  const { authority, value } = identifier;
  return { identifier: { authority, value }, birthDate: profile.birthDate, sex: profile.sex };
}
