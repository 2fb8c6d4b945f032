import { getTableColumns, type SQL, sql } from 'drizzle-orm';
import { PgDialect, type PgTable } from 'drizzle-orm/pg-core';
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

/** `INSERT INTO ... SELECT ...`, the members from placeholders of their names unless `computed` says how; `rest` follows. */
export function insertSelect<Table extends PgTable>(
  table: Table,
  members: readonly (keyof Table['$inferInsert'] & string)[] | 'all',
  rest: SQL,
  computed: Readonly<Record<string, SQL>> = {},
): SQL {
  const columns = Object.entries(getTableColumns(table));
  const chosen = members === 'all' ? columns : columns.filter(([member]) => members.some((each) => each === member));
  const names = chosen.map(([, column]) => sql.identifier(column.name));
  const values = chosen.map(
    ([member, column]) => computed[member] ?? sql`${sql.param(sql.placeholder(member), column)}`,
  );
  return sql`INSERT INTO ${table} (${sql.join(names, sql`, `)}) SELECT ${sql.join(values, sql`, `)} ${rest}`;
}
