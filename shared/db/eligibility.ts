import { and, eq } from 'drizzle-orm';

import type { Person } from '../domain/eligibility.ts';
import type { Queryable } from './client.ts';
import { publishedIdentities } from './schema/patient-identity.ts';
import { publishedPatients } from './schema/patient.ts';

/** What decides whether somebody may use a test, and the zone of their calendar. */
export async function findPerson(
  reader: Queryable,
  country: string,
  patientId: string,
): Promise<{ readonly person: Person; readonly timeZone: string } | undefined> {
  const { birthDate, sex } = publishedIdentities;
  const [found] = await reader
    .select({ birthDate, sex, timeZone: publishedPatients.timeZone })
    .from(publishedIdentities)
    .innerJoin(publishedPatients, eq(publishedPatients.id, publishedIdentities.patientId))
    .where(and(eq(publishedIdentities.country, country), eq(publishedIdentities.patientId, patientId)));
  if (found === undefined) return undefined;
  const person = { birthDate: Temporal.PlainDate.from(found.birthDate), sex: found.sex, region: country };
  return { person, timeZone: found.timeZone };
}
