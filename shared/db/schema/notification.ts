import { sql } from 'drizzle-orm';
import { boolean, char, customType, integer, jsonb, pgSchema, text, uuid } from 'drizzle-orm/pg-core';

import type { Channel, DeliveryStatus, NotificationKind, RecipientType } from '../../domain/notification.ts';
import { inboxTable } from './inbox.ts';
import { calendarDate, instant } from './instant.ts';
import { outboxTable } from './outbox.ts';

const notificationSchema = pgSchema('notification');

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

export const knownBookings = notificationSchema.table('bookings', {
  bookingId: uuid('booking_id').primaryKey(),
  version: integer().notNull(),
  country: char('country_code', { length: 2 }).notNull(),
  practitionerId: uuid('practitioner_id').notNull(),
  patientId: uuid('patient_id').notNull(),
  slotStart: instant('slot_start').notNull(),
  slotEnd: instant('slot_end').notNull(),
});

export const reminders = notificationSchema.table('reminders', {
  id: uuid().primaryKey().defaultRandom(),
  bookingId: uuid('booking_id').notNull(),
  bookingVersion: integer('booking_version').notNull(),
  rung: text().notNull(),
  channel: text().$type<Channel>().notNull(),
  country: char('country_code', { length: 2 }).notNull(),
  patientId: uuid('patient_id').notNull(),
  visitDay: calendarDate('visit_day').notNull(),
  dueAt: instant('due_at').notNull(),
  status: text().$type<'pending' | 'triggered' | 'sent' | 'dropped'>().notNull().default('pending'),
  triggerId: uuid('trigger_id'),
});

/** What the words of a notice need beside its subject: times and counts, nothing personal. */
export type NoticeFacts = {
  /** RFC 3339; where a booking moved, its slot before. */
  readonly previousSlotStart?: string;
  /** How long a critical result has waited. */
  readonly minutes?: number;
};

export const notices = notificationSchema.table('notices', {
  id: uuid().primaryKey().defaultRandom(),
  eventSource: text('event_source').notNull(),
  eventId: text('event_id').notNull(),
  kind: text().$type<NotificationKind>().notNull(),
  country: char('country_code', { length: 2 }).notNull(),
  patientId: uuid('patient_id').notNull(),
  subjectId: uuid('subject_id').notNull(),
  subjectVersion: integer('subject_version').notNull(),
  facts: jsonb().$type<NoticeFacts>().notNull().default({}),
  occurredAt: instant('occurred_at').notNull(),
  createdAt: instant('created_at')
    .notNull()
    .default(sql`now()`),
});

export const deliveries = notificationSchema.table('deliveries', {
  id: uuid().primaryKey().defaultRandom(),
  noticeId: uuid('notice_id').notNull(),
  recipientType: text('recipient_type').$type<RecipientType>().notNull(),
  recipientId: uuid('recipient_id').notNull(),
  channel: text().$type<Channel>().notNull(),
  status: text().$type<DeliveryStatus>().notNull(),
  dueAt: instant('due_at').notNull(),
  gatherKey: text('gather_key'),
  subjectIds: uuid('subject_ids').array().notNull().default([]),
  releaseId: uuid('release_id'),
  attempts: integer().notNull().default(0),
  mayRepeat: boolean('may_repeat').notNull().default(false),
  providerMessageId: text('provider_message_id'),
  errorCode: text('error_code'),
  addressHash: bytea('address_hash'),
  claimedAt: instant('claimed_at'),
  leaseUntil: instant('lease_until'),
  sentAt: instant('sent_at'),
  createdAt: instant('created_at')
    .notNull()
    .default(sql`now()`),
});

export const suppressedAddresses = notificationSchema.table('suppressed_addresses', {
  addressHash: bytea('address_hash').primaryKey(),
  reason: text().$type<'bounced' | 'complained'>().notNull(),
});

export const acknowledgedAlerts = notificationSchema.table('acknowledged_alerts', {
  alertId: uuid('alert_id').primaryKey(),
  acknowledgedAt: instant('acknowledged_at').notNull(),
});

export const erasedPatients = notificationSchema.table('erased_patients', {
  patientId: uuid('patient_id').primaryKey(),
  erasedAt: instant('erased_at').notNull(),
});

export const transientBounces = notificationSchema.table('transient_bounces', {
  addressHash: bytea('address_hash').notNull(),
  feedbackId: text('feedback_id').notNull(),
  bouncedAt: instant('bounced_at').notNull(),
});

export const notificationInbox = inboxTable(notificationSchema);
export const notificationOutbox = outboxTable(notificationSchema);
