import { boolean, char, customType, integer, pgSchema, text, uuid } from 'drizzle-orm/pg-core';

import { idempotencyKeysTable } from './idempotency-keys.ts';
import { calendarDate, instant } from './instant.ts';
import { outboxTable } from './outbox.ts';

const workerSchema = pgSchema('worker');

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

/** `failed` is tried again, and so is `refused` when its event is put back; the others are over. */
export type JobState = 'running' | 'failed' | 'done' | 'dropped' | 'refused' | 'expired';

export const jobRuns = workerSchema.table('job_runs', {
  type: text().notNull(),
  idempotencyKey: text('idempotency_key').notNull(),
  patientId: uuid('patient_id'),
  state: text().$type<JobState>().notNull(),
  attempts: integer().notNull(),
  holder: uuid().notNull(),
  leaseUntil: instant('lease_until'),
  deadline: instant().notNull(),
  mayRepeat: boolean('may_repeat').notNull().default(false),
  reason: text(),
  providerMessageId: text('provider_message_id'),
  createdAt: instant('created_at').notNull(),
  endedAt: instant('ended_at'),
});

const request = {
  id: uuid().primaryKey(),
  country: char('country_code', { length: 2 }).notNull(),
  patientId: uuid('patient_id').notNull(),
  requestedBy: text('requested_by').notNull(),
  requestedAt: instant('requested_at').notNull(),
  completedAt: instant('completed_at'),
};

export const exports = workerSchema.table('exports', {
  ...request,
  status: text().$type<'requested' | 'completed' | 'failed' | 'expired'>().notNull().default('requested'),
  archive: text(),
  expiresAt: instant('expires_at'),
});

export type ExportRow = typeof exports.$inferSelect;

export const erasures = workerSchema.table('erasures', {
  ...request,
  status: text().$type<'requested' | 'completed' | 'failed'>().notNull().default('requested'),
  bornOn: text('born_on'),
  askedAgainAt: instant('asked_again_at'),
});

export type ErasureRow = typeof erasures.$inferSelect;

export const erasureSteps = workerSchema.table('erasure_steps', {
  erasureId: uuid('erasure_id').notNull(),
  step: text().notNull(),
  erased: integer().notNull(),
  doneAt: instant('done_at').notNull(),
});

export const retainedRecords = workerSchema.table('retained_records', {
  erasureId: uuid('erasure_id').notNull(),
  context: text().notNull(),
  digest: bytea().notNull(),
  law: text().notNull(),
  keptUntil: calendarDate('kept_until').notNull(),
  records: integer().notNull(),
  sealed: text().notNull(),
  retainedAt: instant('retained_at').notNull(),
});

export const workerIdempotencyKeys = idempotencyKeysTable(workerSchema);
export const workerOutbox = outboxTable(workerSchema);
