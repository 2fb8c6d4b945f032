import {
  boolean,
  char,
  doublePrecision,
  integer,
  json,
  jsonb,
  pgSchema,
  smallint,
  text,
  uuid,
} from 'drizzle-orm/pg-core';

import { inboxTable } from './inbox.ts';
import { calendarDate, instant } from './instant.ts';
import { outboxTable } from './outbox.ts';
import type { Preferences } from '../../domain/notification.ts';

const practitionerSchema = pgSchema('practitioner');

const country = () => char('country_code', { length: 2 }).notNull();

const name = {
  country: country(),
  id: uuid().notNull(),
  ordinal: integer().notNull(),
  givenName: text('given_name').notNull(),
  familyName: text('family_name').notNull(),
  timeZone: text('time_zone').notNull(),
  address: text().notNull(),
  city: text().notNull(),
  email: text(),
  phone: text(),
  language: text().notNull(),
};

/** By kind of message, the channels that are wanted or not; what is not said is wanted. */
const channels = () => jsonb().$type<Preferences>().notNull();

const quietHours = {
  quietStartMinute: smallint('quiet_start_minute'),
  quietEndMinute: smallint('quiet_end_minute'),
};

export const practitioners = practitionerSchema.table('practitioners', {
  ...name,
  ...quietHours,
  channels: channels().default({}),
  version: integer().notNull().default(1),
  specialties: text().array().notNull(),
  languages: text().array().notNull(),
  latitude: doublePrecision().notNull(),
  longitude: doublePrecision().notNull(),
});

export const workingHours = practitionerSchema.table('working_hours', {
  country: country(),
  practitionerId: uuid('practitioner_id').notNull(),
  weekday: smallint().notNull(),
  startMinute: smallint('start_minute').notNull(),
  endMinute: smallint('end_minute').notNull(),
});

export const scheduleExceptions = practitionerSchema.table('schedule_exceptions', {
  country: country(),
  id: uuid().notNull(),
  practitionerId: uuid('practitioner_id').notNull(),
  kind: text().$type<'closed' | 'open'>().notNull(),
  firstDay: calendarDate('first_day').notNull(),
  lastDay: calendarDate('last_day').notNull(),
  startMinute: smallint('start_minute'),
  endMinute: smallint('end_minute'),
});

const standIn = {
  country: country(),
  practitionerId: uuid('practitioner_id').notNull(),
  standInId: uuid('stand_in_id').notNull(),
  validFrom: instant('valid_from').notNull(),
  validUntil: instant('valid_until'),
};

/** Who is called beside a practitioner who does not answer. */
export const standIns = practitionerSchema.table('stand_ins', standIn);

const visitTypeRules = {
  country: country(),
  id: uuid().notNull(),
  practitionerId: uuid('practitioner_id').notNull(),
  specialty: text().notNull(),
  mode: text().$type<'in-person' | 'video'>().notNull(),
  durationMinutes: smallint('duration_minutes').notNull(),
  bufferBeforeMinutes: smallint('buffer_before_minutes').notNull().default(0),
  bufferAfterMinutes: smallint('buffer_after_minutes').notNull().default(0),
  minimumNoticeMinutes: integer('minimum_notice_minutes').notNull().default(0),
  horizonDays: smallint('horizon_days').notNull().default(90),
  cancelCutOffMinutes: integer('cancel_cut_off_minutes').notNull().default(240),
  dailyCap: smallint('daily_cap'),
};

export const visitTypes = practitionerSchema.table('visit_types', { ...visitTypeRules, name: text().notNull() });

export const busySlots = practitionerSchema.table('busy_slots', {
  country: country(),
  bookingId: uuid('booking_id').notNull(),
  practitionerId: uuid('practitioner_id').notNull(),
  visitTypeId: uuid('visit_type_id').notNull(),
  version: integer().notNull(),
  active: boolean().notNull(),
  busyStart: instant('busy_start').notNull(),
  busyEnd: instant('busy_end').notNull(),
  slotStart: instant('slot_start').notNull(),
});

/** Practitioners whose row of the availability bitmap is not to be believed: Redis did not take what is kept here. */
export const staleRows = practitionerSchema.table('stale_rows', {
  country: country(),
  practitionerId: uuid('practitioner_id').notNull(),
});

export const practitionerInbox = inboxTable(practitionerSchema);
export const practitionerOutbox = outboxTable(practitionerSchema);

/** What other contexts may read, over a connection of the reader's role. */
export const publishedVisitTypes = practitionerSchema.view('published_visit_types', visitTypeRules).existing();

export const publishedPractitioners = practitionerSchema
  .view('published_practitioners', { ...name, ...quietHours, channels: channels() })
  .existing();

export const publishedStandIns = practitionerSchema.view('published_stand_ins', standIn).existing();

export type WorkingHoursJson = { weekday: number; startMinute: number; endMinute: number };

export type ScheduleExceptionJson = {
  kind: 'closed' | 'open';
  firstDay: string;
  lastDay: string;
  startMinute: number | null;
  endMinute: number | null;
};

export const publishedSchedules = practitionerSchema
  .view('published_schedules', {
    country: country(),
    practitionerId: uuid('practitioner_id').notNull(),
    ordinal: integer().notNull(),
    timeZone: text('time_zone').notNull(),
    workingHours: json('working_hours').$type<WorkingHoursJson[]>().notNull(),
    exceptions: json().$type<ScheduleExceptionJson[]>().notNull(),
    rowIsStale: boolean('row_is_stale').notNull(),
  })
  .existing();

/** What takes time of practitioners, without saying what it is. */
export const publishedBusySlots = practitionerSchema
  .view('published_busy_slots', {
    country: country(),
    practitionerId: uuid('practitioner_id').notNull(),
    busyStart: instant('busy_start').notNull(),
    busyEnd: instant('busy_end').notNull(),
  })
  .existing();
