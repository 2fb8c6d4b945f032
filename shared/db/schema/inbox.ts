import { type PgSchema, text, timestamp } from 'drizzle-orm/pg-core';

/** The `inbox` of a context: which events a consumer has already turned into state. */
export function inboxTable<Name extends string>(schema: PgSchema<Name>) {
  return schema.table('inbox', {
    consumer: text().notNull(),
    source: text().notNull(),
    eventId: text('event_id').notNull(),
    processedAt: timestamp('processed_at', { withTimezone: true }).notNull().defaultNow(),
  });
}

export type InboxTable = ReturnType<typeof inboxTable<string>>;
