import { char, integer, pgSchema, text, uuid } from 'drizzle-orm/pg-core';

import { idempotencyKeysTable } from './idempotency-keys.ts';
import { instant } from './instant.ts';
import { outboxTable } from './outbox.ts';

const bookingSchema = pgSchema('booking');

export type BookingStatus = 'held' | 'confirmed' | 'completed' | 'cancelled' | 'no_show' | 'released';

export const bookings = bookingSchema.table('bookings', {
  id: uuid().primaryKey(),
  country: char('country_code', { length: 2 }).notNull(),
  practitionerId: uuid('practitioner_id').notNull(),
  patientId: uuid('patient_id').notNull(),
  visitTypeId: uuid('visit_type_id').notNull(),
  specialty: text().notNull(),
  status: text().$type<BookingStatus>().notNull(),
  version: integer().notNull().default(1),
  slotStart: instant('slot_start').notNull(),
  slotEnd: instant('slot_end').notNull(),
  busyStart: instant('busy_start').notNull(),
  busyEnd: instant('busy_end').notNull(),
  holdExpiresAt: instant('hold_expires_at'),
  actedBy: text('acted_by').notNull(),
  actedAs: text('acted_as').notNull(),
  createdAt: instant('created_at').notNull(),
  updatedAt: instant('updated_at').notNull(),
});

export type BookingRow = typeof bookings.$inferSelect;

export const bookingHistory = bookingSchema.table('booking_history', {
  bookingId: uuid('booking_id').notNull(),
  version: integer().notNull(),
  status: text().$type<BookingStatus>().notNull(),
  slotStart: instant('slot_start').notNull(),
  slotEnd: instant('slot_end').notNull(),
  actedBy: text('acted_by').notNull(),
  actedAs: text('acted_as').notNull(),
  leftBecause: text('left_because'),
  leftAt: instant('left_at').notNull(),
});

export const bookingOutbox = outboxTable(bookingSchema);

export const bookingIdempotencyKeys = idempotencyKeysTable(bookingSchema);
