import { bigint, char, integer, pgSchema, smallint, text, uuid } from 'drizzle-orm/pg-core';

import type { Role } from '../../domain/caller.ts';
import type { CustodyRefusal, CustodyStep, KitStatus } from '../../domain/custody.ts';
import type { DeviceRejection, DeviceStatus } from '../../domain/device.ts';
import type { Ineligibility, Sex } from '../../domain/eligibility.ts';
import type { DeviceRole, DeviceScope, GrantRefusal } from '../../domain/grant.ts';
import type { SetupPayloadFault } from '../../domain/setup-payload.ts';
import type { KitRejection, SampleFault } from '../../domain/test-kit.ts';
import { idempotencyKeysTable } from './idempotency-keys.ts';
import { inboxTable } from './inbox.ts';
import { calendarDate, instant } from './instant.ts';
import { outboxTable } from './outbox.ts';

const homekitSchema = pgSchema('homekit');

const country = () => char('country_code', { length: 2 }).notNull();

export const devices = homekitSchema.table('devices', {
  id: uuid().primaryKey(),
  country: country(),
  patientId: uuid('patient_id').notNull(),
  version: integer().notNull().default(1),
  status: text().$type<DeviceStatus>().notNull(),
  rejectedBecause: text('rejected_because').$type<DeviceRejection>(),
  revokedBecause: text('revoked_because').$type<'withdrawn' | 'factory-reset'>(),
  model: text().notNull(),
  serialNumber: text('serial_number').notNull(),
  ltpk: char({ length: 64 }).notNull(),
  pairingId: text('pairing_id').notNull(),
  category: smallint(),
  setupId: char('setup_id', { length: 4 }),
  payloadFault: text('payload_fault').$type<SetupPayloadFault>(),
  failures: integer().notNull().default(0),
  retryAt: instant('retry_at'),
  createdAt: instant('created_at').notNull(),
  updatedAt: instant('updated_at').notNull(),
});

export type DeviceRow = typeof devices.$inferSelect;

export const challenges = homekitSchema.table('challenges', {
  nonce: text().primaryKey(),
  deviceId: uuid('device_id').notNull(),
  expiresAt: instant('expires_at').notNull(),
  answeredAt: instant('answered_at'),
});

export const proofs = homekitSchema.table('proofs', {
  id: uuid().primaryKey(),
  deviceId: uuid('device_id').notNull(),
  nonce: text().notNull(),
  accessoryKey: char('accessory_key', { length: 64 }).notNull(),
  signature: char({ length: 128 }).notNull(),
  status: text().$type<'received' | 'accepted' | 'refused'>().notNull(),
  refusedBecause: text('refused_because').$type<ProofRefusal>(),
  receivedAt: instant('received_at').notNull(),
});

export type ProofRow = typeof proofs.$inferSelect;
export type ProofRefusal =
  'wrong-signature' | 'unknown-nonce' | 'used-nonce' | 'expired' | 'too-many-failures' | 'not-awaited';

export const grants = homekitSchema.table('grants', {
  id: uuid().primaryKey(),
  deviceId: uuid('device_id').notNull(),
  granteeId: uuid('grantee_id').notNull(),
  role: text().$type<DeviceRole>().notNull(),
  scopes: text().array().$type<DeviceScope[]>().notNull(),
  expiresAt: instant('expires_at'),
  status: text().$type<'received' | 'active' | 'transferred' | 'refused' | 'replaced' | 'revoked'>().notNull(),
  refusedBecause: text('refused_because').array().$type<(GrantRefusal | 'not-registered' | 'not-the-owner')[]>(),
  grantedBy: uuid('granted_by').notNull(),
  createdAt: instant('created_at').notNull(),
  updatedAt: instant('updated_at').notNull(),
});

export type GrantRow = typeof grants.$inferSelect;

export const testProducts = homekitSchema.table('test_products', {
  code: text().primaryKey(),
  minAge: smallint('min_age').notNull(),
  maxAge: smallint('max_age'),
  sexes: text().array().$type<Sex[]>(),
  regions: text().array().notNull(),
  consentVersion: text('consent_version').notNull(),
  stabilityHours: integer('stability_hours').notNull(),
});

export const lots = homekitSchema.table('lots', {
  number: text().primaryKey(),
  productCode: text('product_code').notNull(),
  expiresOn: calendarDate('expires_on').notNull(),
});

export const testKits = homekitSchema.table('test_kits', {
  id: uuid().primaryKey(),
  country: country(),
  code: char({ length: 12 }).notNull(),
  sampleBarcode: text('sample_barcode').notNull(),
  lotNumber: text('lot_number').notNull(),
  orderId: uuid('order_id'),
  status: text().$type<KitStatus>().notNull().default('stocked'),
  patientId: uuid('patient_id'),
  registrationId: uuid('registration_id'),
  collectedAt: instant('collected_at'),
});

export type TestKitRow = typeof testKits.$inferSelect;

export const testKitRegistrations = homekitSchema.table('test_kit_registrations', {
  id: uuid().primaryKey(),
  country: country(),
  patientId: uuid('patient_id').notNull(),
  kitCode: char('kit_code', { length: 12 }).notNull(),
  testKitId: uuid('test_kit_id'),
  consentVersion: text('consent_version').notNull(),
  version: integer().notNull().default(1),
  status: text().$type<'received' | 'registered' | 'rejected'>().notNull(),
  rejectedBecause: text('rejected_because').$type<KitRejection['reason']>(),
  rejectionDetails: text('rejection_details').array().$type<Ineligibility[]>(),
  createdAt: instant('created_at').notNull(),
  updatedAt: instant('updated_at').notNull(),
});

export type RegistrationRow = typeof testKitRegistrations.$inferSelect;

/** Why a laboratory rejects what it was sent. */
export type SampleRejection = SampleFault | 'damaged' | 'leaked' | 'insufficient-sample' | 'mislabelled' | 'lost';

export const custodyScans = homekitSchema.table('custody_scans', {
  id: uuid().primaryKey(),
  testKitId: uuid('test_kit_id').notNull(),
  country: country(),
  step: text().$type<CustodyStep>().notNull(),
  happenedAt: instant('happened_at').notNull(),
  reason: text().$type<SampleRejection>(),
  orderId: uuid('order_id'),
  scannedBy: text('scanned_by'),
  scannedAs: text('scanned_as').$type<Role>().notNull(),
  status: text().$type<'received' | 'recorded' | 'refused'>().notNull(),
  refusedBecause: text('refused_because').$type<CustodyRefusal>(),
  createdAt: instant('created_at').notNull(),
});

export type CustodyScanRow = typeof custodyScans.$inferSelect;

export const custodyLog = homekitSchema.table('custody_log', {
  seq: bigint({ mode: 'bigint' }).generatedAlwaysAsIdentity(),
  testKitId: uuid('test_kit_id').notNull(),
  step: text().$type<CustodyStep>().notNull(),
  happenedAt: instant('happened_at').notNull(),
  recordedAt: instant('recorded_at').notNull(),
  recordedBy: text('recorded_by'),
  recordedAs: text('recorded_as').$type<Role>().notNull(),
  reason: text().$type<SampleRejection>(),
});

export type CustodyLogRow = typeof custodyLog.$inferSelect;

export const replacementOffers = homekitSchema.table('replacement_offers', {
  id: uuid().primaryKey(),
  registrationId: uuid('registration_id').notNull(),
  offeredAt: instant('offered_at').notNull(),
});

export const homekitInbox = inboxTable(homekitSchema);
export const homekitOutbox = outboxTable(homekitSchema);
export const homekitIdempotencyKeys = idempotencyKeysTable(homekitSchema);
