import { sql } from 'drizzle-orm';
import { boolean, integer, pgSchema, text, uuid } from 'drizzle-orm/pg-core';

import { instant } from './instant.ts';
import { outboxTable } from './outbox.ts';

const cronSchema = pgSchema('cron');

export const leases = cronSchema.table('leases', {
  name: text().primaryKey(),
  holder: uuid().notNull(),
  expiresAt: instant('expires_at').notNull(),
});

export const taskRuns = cronSchema.table('task_runs', {
  task: text().primaryKey(),
  doneUntil: instant('done_until').notNull(),
  doneAt: instant('done_at')
    .notNull()
    .default(sql`now()`),
  durationMs: integer('duration_ms').notNull().default(0),
});

export const dependencyHealth = cronSchema.table('dependency_health', {
  dependency: text().primaryKey(),
  healthy: boolean().notNull(),
  since: instant().notNull(),
});

export const cronOutbox = outboxTable(cronSchema);
