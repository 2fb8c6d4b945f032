import { char, customType, integer, pgSchema, text, timestamp, uuid } from 'drizzle-orm/pg-core';

import type { AccountStatus } from '../../domain/account.ts';
import type { ConsentDecision, ConsentPurpose } from '../../domain/consent.ts';
import type { Channel } from '../../domain/notification.ts';
import type { OrderKind, OrderStatus } from '../../domain/order.ts';
import { idempotencyKeysTable } from './idempotency-keys.ts';
import { inboxTable } from './inbox.ts';
import { instant } from './instant.ts';
import { outboxTable } from './outbox.ts';

const patientSchema = pgSchema('patient');

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const country = () => char('country_code', { length: 2 });

export const accounts = patientSchema.table('accounts', {
  patientId: uuid('patient_id').primaryKey(),
  country: country().notNull(),
  version: integer().notNull(),
  status: text().$type<AccountStatus>().notNull(),
  changedAt: instant('changed_at').notNull(),
});

const consent = {
  patientId: uuid('patient_id').notNull(),
  purpose: text().$type<ConsentPurpose>().notNull(),
  version: integer().notNull(),
  country: country().notNull(),
  decision: text().$type<ConsentDecision>().notNull(),
  consentVersion: text('consent_version'),
  occurredAt: instant('occurred_at').notNull(),
};

export const consents = patientSchema.table('consents', {
  ...consent,
  recordedAt: timestamp('recorded_at', { withTimezone: true }).notNull().defaultNow(),
});

/** The latest decision on each purpose. */
export const publishedConsents = patientSchema.view('published_consents', consent).existing();

export type ConsentRow = typeof publishedConsents.$inferSelect;

export const bouncedAddresses = patientSchema.table('bounced_addresses', {
  patientId: uuid('patient_id').notNull(),
  channel: text().$type<Channel>().notNull(),
  addressHash: bytea('address_hash').notNull(),
  reason: text().$type<'bounced' | 'complained'>().notNull(),
  occurredAt: instant('occurred_at').notNull(),
});

export const sessions = patientSchema.table('sessions', {
  id: uuid().primaryKey().defaultRandom(),
  referenceHash: bytea('reference_hash').notNull(),
  subject: text().notNull(),
  country: country(),
  startedAt: instant('started_at').notNull(),
  lastUsedAt: instant('last_used_at').notNull(),
  expiresAt: instant('expires_at').notNull(),
  revokedAt: instant('revoked_at'),
});

export type SessionRow = typeof sessions.$inferSelect;

export const orders = patientSchema.table('orders', {
  id: uuid().primaryKey(),
  patientId: uuid('patient_id').notNull(),
  country: country().notNull(),
  version: integer().notNull().default(1),
  kind: text().$type<OrderKind>().notNull(),
  item: text().notNull(),
  status: text().$type<OrderStatus>().notNull(),
  paymentReference: text('payment_reference'),
  shipmentReference: text('shipment_reference'),
  testKitId: uuid('test_kit_id'),
  reportId: uuid('report_id'),
  placedAt: instant('placed_at').notNull(),
  changedAt: instant('changed_at').notNull(),
  actedBy: text('acted_by').notNull(),
  actedAs: text('acted_as').notNull(),
});

export type OrderRow = typeof orders.$inferSelect;

export const kitRegistrations = patientSchema.table('kit_registrations', {
  testKitId: uuid('test_kit_id').primaryKey(),
  patientId: uuid('patient_id').notNull(),
  orderId: uuid('order_id'),
  registeredAt: instant('registered_at').notNull(),
  rejectedAt: instant('rejected_at'),
});

export const kitResults = patientSchema.table('kit_results', {
  testKitId: uuid('test_kit_id').primaryKey(),
  patientId: uuid('patient_id').notNull(),
  reportId: uuid('report_id').notNull(),
  releasedAt: instant('released_at').notNull(),
});

export const patientInbox = inboxTable(patientSchema);
export const patientOutbox = outboxTable(patientSchema);
export const patientIdempotencyKeys = idempotencyKeysTable(patientSchema);
