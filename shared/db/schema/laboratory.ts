import {
  bigint,
  boolean,
  char,
  customType,
  integer,
  json,
  numeric,
  pgSchema,
  smallint,
  text,
  uuid,
} from 'drizzle-orm/pg-core';

import type { WhyHeld } from '../../domain/lab-piece.ts';
import type { ReleasePreference, TestCategory } from '../../domain/lab-release.ts';
import type { LabObservation, LabReport } from '../../domain/lab-report.ts';
import type { ObservationStatus, ReportStatus } from '../../domain/lab-status.ts';
import { idempotencyKeysTable } from './idempotency-keys.ts';
import { inboxTable } from './inbox.ts';
import { instant } from './instant.ts';
import { outboxTable } from './outbox.ts';

const laboratorySchema = pgSchema('laboratory');

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

export type MessageState = 'received' | 'applied' | 'quarantined' | 'discarded';

export const labMessages = laboratorySchema.table('messages', {
  id: uuid().notNull(),
  receivedAt: instant('received_at').notNull(),
  country: char('country_code', { length: 2 }),
  sender: text().notNull(),
  controlId: text('control_id').notNull(),
  contentHash: bytea('content_hash').notNull(),
  mediaType: text('media_type').notNull(),
  via: text().$type<'http' | 'topic'>().notNull(),
  state: text().$type<MessageState>().notNull(),
});

export const labMessageClaims = laboratorySchema.table('message_claims', {
  sender: text().notNull(),
  controlId: text('control_id').notNull(),
  contentHash: bytea('content_hash').notNull(),
  messageId: uuid('message_id').notNull(),
  receivedAt: instant('received_at').notNull(),
  publishedAt: instant('published_at'),
});

export const labMessageKeys = laboratorySchema.table('message_keys', {
  messageId: uuid('message_id').primaryKey(),
  key: bytea().notNull(),
  createdAt: instant('created_at').notNull(),
});

export type QuarantineReason = 'control-id-reused' | 'wrong-patient' | 'unreadable';

export const labQuarantine = laboratorySchema.table('quarantine', {
  id: uuid().primaryKey(),
  messageId: uuid('message_id').notNull(),
  country: char('country_code', { length: 2 }),
  sender: text().notNull(),
  controlId: text('control_id').notNull(),
  mediaType: text('media_type').notNull(),
  reason: text().$type<QuarantineReason>().notNull(),
  details: text().array().notNull(),
  sealed: text().notNull(),
  receivedAt: instant('received_at').notNull(),
  state: text().$type<'waiting' | 'released' | 'discarded'>().notNull().default('waiting'),
  decidedBy: text('decided_by'),
  decidedAt: instant('decided_at'),
});

/** Of what is released by itself. */
const decidedColumns = {
  conclusiveAt: instant('conclusive_at'),
  reviewedAt: instant('reviewed_at'),
  reviewedBy: text('reviewed_by'),
  forcedAt: instant('forced_at'),
  forcedBy: text('forced_by'),
  preference: text().$type<ReleasePreference>(),
};

/** What was said of a report beside its observations and whom it is about. Documents are named by id. */
export type ReportContent = Omit<LabReport, 'observations' | 'patient'>;

export const labReports = laboratorySchema.table('reports', {
  id: uuid().primaryKey(),
  country: char('country_code', { length: 2 }).notNull(),
  patientId: uuid('patient_id').notNull(),
  practitionerId: uuid('practitioner_id'),
  testKitId: uuid('test_kit_id'),
  sender: text().notNull(),
  fillerOrder: text('filler_order').notNull(),
  identity: text().notNull(),
  version: integer().notNull(),
  status: text().$type<ReportStatus>().notNull(),
  category: text().$type<TestCategory>().notNull(),
  content: json().$type<ReportContent>().notNull(),
  changedAt: text('changed_at'),
  sentAt: text('sent_at'),
  digest: text().notNull(),
  effectiveAt: instant('effective_at').notNull(),
  ...decidedColumns,
  ownReleaseAt: instant('own_release_at'),
  ownHeldBecause: text('own_held_because').array().$type<WhyHeld[]>().notNull(),
  ownReleasedAt: instant('own_released_at'),
  releaseAt: instant('release_at'),
  heldBecause: text('held_because').array().$type<WhyHeld[]>().notNull(),
  releasedAt: instant('released_at'),
});

/** What other contexts may read, over a connection of the reader's role. */
export const publishedReports = laboratorySchema
  .view('published_reports', {
    reportId: uuid('report_id').notNull(),
    country: char('country_code', { length: 2 }).notNull(),
    releasedAt: instant('released_at'),
  })
  .existing();

export type ReportRow = typeof labReports.$inferSelect;

export const labReportVersions = laboratorySchema.table('report_versions', {
  reportId: uuid('report_id').notNull(),
  telling: text().notNull(),
  status: text().$type<ReportStatus>().notNull(),
  content: json().$type<ReportContent>().notNull(),
  changedAt: text('changed_at'),
  sentAt: text('sent_at'),
  digest: text().notNull(),
});

export const releaseDecisions = laboratorySchema.table('release_decisions', {
  reportId: uuid('report_id').notNull(),
  observationId: uuid('observation_id'),
  seq: bigint({ mode: 'bigint' }).generatedAlwaysAsIdentity(),
  decidedAt: instant('decided_at').notNull(),
  releaseAt: instant('release_at'),
  heldBecause: text('held_because').array().$type<WhyHeld[]>().notNull(),
});

export const labObservations = laboratorySchema.table('observations', {
  id: uuid().primaryKey(),
  reportId: uuid('report_id').notNull(),
  patientId: uuid('patient_id').notNull(),
  identity: text().notNull(),
  status: text().$type<ObservationStatus>().notNull(),
  content: json().$type<LabObservation>().notNull(),
  changedAt: text('changed_at'),
  analysedAt: text('analysed_at'),
  sentAt: text('sent_at'),
  digest: text().notNull(),
  effectiveAt: instant('effective_at').notNull(),
  localSystem: text('local_system').notNull(),
  localCode: text('local_code').notNull(),
  loinc: text(),
  isParked: boolean('is_parked').notNull(),
  isCritical: boolean('is_critical').notNull(),
  ...decidedColumns,
  releaseAt: instant('release_at'),
  heldBecause: text('held_because').array().$type<WhyHeld[]>().notNull(),
  releasedAt: instant('released_at'),
});

/** What its patient has read and does not see any more: an observation, or a report's own word. */
export const hiddenPieces = laboratorySchema.table('hidden_pieces', {
  pieceId: uuid('piece_id').primaryKey(),
  reportId: uuid('report_id').notNull(),
});

export type ObservationRow = typeof labObservations.$inferSelect;

export const labObservationVersions = laboratorySchema.table('observation_versions', {
  observationId: uuid('observation_id').notNull(),
  telling: text().notNull(),
  status: text().$type<ObservationStatus>().notNull(),
  content: json().$type<LabObservation>().notNull(),
  changedAt: text('changed_at'),
  analysedAt: text('analysed_at'),
  sentAt: text('sent_at'),
  digest: text().notNull(),
});

export type ObservationVersionRow = typeof labObservationVersions.$inferSelect;

export const labDocuments = laboratorySchema.table('documents', {
  id: uuid().primaryKey(),
  reportId: uuid('report_id').notNull(),
  contentType: text('content_type').notNull(),
  data: bytea().notNull(),
});

export const localCodes = laboratorySchema.table('local_codes', {
  id: uuid().primaryKey(),
  country: char('country_code', { length: 2 }).notNull(),
  sender: text().notNull(),
  system: text().notNull(),
  code: text().notNull(),
  display: text(),
  loinc: text(),
  mappedBy: text('mapped_by'),
  mappedAt: instant('mapped_at'),
  replayedAt: instant('replayed_at'),
});

export type LocalCodeRow = typeof localCodes.$inferSelect;

export const criticalLimits = laboratorySchema.table('critical_limits', {
  loinc: text().notNull(),
  unit: text().notNull(),
  low: numeric(),
  high: numeric(),
});

export const criticalAlerts = laboratorySchema.table('critical_alerts', {
  id: uuid().primaryKey(),
  country: char('country_code', { length: 2 }).notNull(),
  reportId: uuid('report_id').notNull(),
  observationId: uuid('observation_id').notNull(),
  patientId: uuid('patient_id').notNull(),
  practitionerId: uuid('practitioner_id'),
  toldIds: uuid('told_ids').array().notNull(),
  reportVersion: integer('report_version').notNull(),
  raisedAt: instant('raised_at').notNull(),
  step: smallint().notNull().default(0),
  acknowledgedAt: instant('acknowledged_at'),
  acknowledgedBy: text('acknowledged_by'),
  closedAt: instant('closed_at'),
});

export type AlertRow = typeof criticalAlerts.$inferSelect;

export const dutyClinicians = laboratorySchema.table('duty_clinicians', {
  country: char('country_code', { length: 2 }).primaryKey(),
  practitionerId: uuid('practitioner_id').notNull(),
});

export const releasePreferences = laboratorySchema.table('release_preferences', {
  patientId: uuid('patient_id').primaryKey(),
  preference: text().$type<ReleasePreference>().notNull(),
  isNew: boolean('is_new').notNull(),
});

export const laboratoryInbox = inboxTable(laboratorySchema);
export const laboratoryOutbox = outboxTable(laboratorySchema);
export const laboratoryIdempotencyKeys = idempotencyKeysTable(laboratorySchema);
