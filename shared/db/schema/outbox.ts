import { bigint, json, type PgSchema, text, timestamp } from 'drizzle-orm/pg-core';

import type { AnyEvent } from '../../../schemas/events/contract.ts';

/** The `outbox` of a context: events committed with the state they tell of, published afterwards. */
export function outboxTable<Name extends string>(schema: PgSchema<Name>) {
  return schema.table('outbox', {
    seq: bigint({ mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity(),
    topic: text().notNull(),
    partitionKey: text('partition_key').notNull(),
    event: json().$type<AnyEvent>().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    sentAt: timestamp('sent_at', { withTimezone: true }),
  });
}

export type OutboxTable = ReturnType<typeof outboxTable<string>>;
