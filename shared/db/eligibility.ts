import { and, eq } from 'drizzle-orm';
import { char, pgSchema, text, uuid } from 'drizzle-orm/pg-core';

import type { Person, Sex } from '../domain/eligibility.ts';
import type { Queryable } from './client.ts';
import { calendarDate } from './schema/instant.ts';

/** As the patient context publishes it. */
const publishedEligibility = pgSchema('patient')
  .view('published_eligibility', {
    patientId: uuid('patient_id').notNull(),
    country: char('country_code', { length: 2 }).notNull(),
    timeZone: text('time_zone').notNull(),
    birthDate: calendarDate('birth_date').notNull(),
    sex: text().$type<Sex>().notNull(),
  })
  .existing();

/** What decides whether somebody may use a test, and the calendar it is read on. */
export async function findPerson(
  reader: Queryable,
  country: string,
  patientId: string,
): Promise<{ readonly person: Person; readonly timeZone: string } | undefined> {
  const [found] = await reader
    .select()
    .from(publishedEligibility)
    .where(and(eq(publishedEligibility.country, country), eq(publishedEligibility.patientId, patientId)));
  if (found === undefined) return undefined;
  const { birthDate, sex, timeZone } = found;
  return { person: { birthDate, sex, region: found.country }, timeZone };
}
