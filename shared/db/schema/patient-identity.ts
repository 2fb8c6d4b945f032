import { char, date, pgSchema, text, uuid } from 'drizzle-orm/pg-core';

const patientSchema = pgSchema('patient');

const identifier = {
  authority: text().notNull(),
  value: text().notNull(),
  patientId: uuid('patient_id').notNull(),
};

/** What other parties call a patient. */
export const patientIdentifiers = patientSchema.table('identifiers', identifier);

export const publishedIdentifiers = patientSchema.view('published_identifiers', identifier).existing();

export const publishedIdentities = patientSchema
  .view('published_identities', {
    patientId: uuid('patient_id').notNull(),
    country: char('country_code', { length: 2 }).notNull(),
    birthDate: date('birth_date').notNull(),
    sex: text().$type<'female' | 'male' | 'other' | 'unknown'>().notNull(),
  })
  .existing();
