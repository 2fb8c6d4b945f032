import type { SQL } from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';
import type { QueryResult, QueryResultRow } from 'pg';

import type { Queryable } from './client.ts';

/** Runs a statement with the values of its placeholders; its rows are as the driver reads them. */
export type Statement<Row extends QueryResultRow> = (
  on: Queryable,
  values: Readonly<Record<string, unknown>>,
) => Promise<QueryResult<Row>>;

/** A statement written once, which the server parses and plans once per connection under its name. */
export function statement<Row extends QueryResultRow = never>(name: string, text: SQL): Statement<Row> {
  const query = new PgDialect().sqlToQuery(text);
  return (on, values) =>
    on._.session
      .prepareQuery<{ execute: QueryResult<Row>; all: never; values: never }>(query, undefined, name, false)
      .execute({ ...values });
}
