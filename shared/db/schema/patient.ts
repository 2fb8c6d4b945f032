import { char, date, integer, jsonb, pgSchema, smallint, text, uuid } from 'drizzle-orm/pg-core';

import { instant } from './instant.ts';

const patientSchema = pgSchema('patient');

export type ContactChannel = 'email' | 'sms' | 'push';

/** `{category: {channel: boolean}}`; what is not said is allowed. */
export type ChannelPreferences = Partial<Record<string, Partial<Record<ContactChannel, boolean>>>>;

const country = () => char('country_code', { length: 2 }).notNull();

export const patients = patientSchema.table('patients', {
  id: uuid().primaryKey(),
  country: country(),
  version: integer().notNull().default(1),
  givenName: text('given_name').notNull(),
  familyName: text('family_name').notNull(),
  birthDate: date('birth_date').notNull(),
  sex: text().$type<'female' | 'male' | 'other' | 'unknown'>().notNull(),
  timeZone: text('time_zone').notNull(),
});

export const contactPoints = patientSchema.table('contact_points', {
  patientId: uuid('patient_id').notNull(),
  channel: text().$type<ContactChannel>().notNull(),
  value: text().notNull(),
  verifiedAt: instant('verified_at'),
});

export const preferences = patientSchema.table('preferences', {
  patientId: uuid('patient_id').primaryKey(),
  version: integer().notNull().default(1),
  language: text().$type<'fr' | 'de' | 'en'>().notNull().default('en'),
  channels: jsonb().$type<ChannelPreferences>().notNull().default({}),
  quietStartMinute: smallint('quiet_start_minute'),
  quietEndMinute: smallint('quiet_end_minute'),
});

const proxy = {
  patientId: uuid('patient_id').notNull(),
  proxyId: uuid('proxy_id').notNull(),
  relation: text().$type<'guardian' | 'proxy'>().notNull(),
  validFrom: instant('valid_from').notNull(),
  validUntil: instant('valid_until'),
};

export const proxies = patientSchema.table('proxies', proxy);

/** What other contexts may read, over a connection of the reader's role. */
export const publishedPatients = patientSchema
  .view('published_patients', { id: uuid().notNull(), country: country(), timeZone: text('time_zone').notNull() })
  .existing();

export const publishedContactPoints = patientSchema
  .view('published_contact_points', {
    patientId: uuid('patient_id').notNull(),
    country: country(),
    timeZone: text('time_zone').notNull(),
    email: text(),
    phone: text(),
    push: text(),
    language: text().$type<'fr' | 'de' | 'en'>().notNull(),
    channels: jsonb().$type<ChannelPreferences>().notNull(),
    quietStartMinute: smallint('quiet_start_minute'),
    quietEndMinute: smallint('quiet_end_minute'),
  })
  .existing();

export const publishedProxies = patientSchema.view('published_proxies', proxy).existing();

export const subjectKeys = patientSchema.table('subject_keys', {
  patientId: uuid('patient_id').primaryKey(),
  /** Null from `destroyedAt` on. */
  wrappedKey: text('wrapped_key'),
  destroyedAt: instant('destroyed_at'),
});

export const publishedSubjectKeys = patientSchema
  .view('published_subject_keys', { patientId: uuid('patient_id').notNull(), wrappedKey: text('wrapped_key') })
  .existing();
