import { sql } from 'drizzle-orm';
import { boolean, char, customType, integer, pgSchema, text, uuid } from 'drizzle-orm/pg-core';

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

export const deliveries = notificationSchema.table('deliveries', {
  id: uuid().primaryKey().defaultRandom(),
  eventSource: text('event_source').notNull(),
  eventId: text('event_id').notNull(),
  recipientType: text('recipient_type').$type<RecipientType>().notNull(),
  recipientId: uuid('recipient_id').notNull(),
  channel: text().$type<Channel>().notNull(),
  kind: text().$type<NotificationKind>().notNull(),
  bookingId: uuid('booking_id').notNull(),
  bookingVersion: integer('booking_version').notNull(),
  status: text().$type<DeliveryStatus>().notNull(),
  attempts: integer().notNull().default(0),
  mayRepeat: boolean('may_repeat').notNull().default(false),
  providerMessageId: text('provider_message_id'),
  errorCode: text('error_code'),
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

export const notificationInbox = inboxTable(notificationSchema);
export const notificationOutbox = outboxTable(notificationSchema);
