import { customType, json, type PgSchema, smallint, text, timestamp } from 'drizzle-orm/pg-core';

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

/** The `idempotency_keys` of a context: what requests with a key were answered, for as long as they may come again. */
export function idempotencyKeysTable<Name extends string>(schema: PgSchema<Name>) {
  return schema.table('idempotency_keys', {
    subject: text().notNull(),
    operation: text().notNull(),
    key: text().notNull(),
    fingerprint: bytea().notNull(),
    status: smallint().notNull(),
    body: json().$type<unknown>(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  });
}

export type IdempotencyKeysTable = ReturnType<typeof idempotencyKeysTable<string>>;
