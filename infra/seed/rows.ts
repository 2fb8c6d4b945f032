import { type Column, getTableColumns, type SQL, sql } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';

/** A table with the columns that tell its rows apart. */
export type Keyed<Table extends PgTable> = { readonly table: Table; readonly key: readonly Column[] };

/**
 * Writes rows in one statement, whatever their number: inserts those that are missing and changes those that differ, but
 * for the `kept` columns, which only new rows are given.
 * @returns SQL that answers the `of` of each row that was written as `id`, and whether it `is_new`.
 */
export function upsert<Table extends PgTable>(
  keyed: Keyed<Table>,
  rows: readonly Table['$inferSelect'][],
  { of, kept = [] }: { of: Column; kept?: readonly Column[] },
): SQL {
  return sql`WITH wanted AS (${recordset(keyed.table, rows)}) ${put(keyed, of, kept)}`;
}

/**
 * Makes the rows of the owners exactly these. `within` is the partition they are in.
 * @returns SQL that answers the owners of rows that were not so before.
 */
export function replace<Table extends PgTable>(
  keyed: Keyed<Table>,
  rows: readonly Table['$inferSelect'][],
  { owner, owners, within }: { owner: Column; owners: readonly string[]; within?: SQL },
): SQL {
  const key = names(keyed.key);
  return sql`WITH
    wanted AS (${recordset(keyed.table, rows)}),
    gone AS (
      DELETE FROM ${keyed.table} WHERE ${name(owner)} = ANY(${sql.param(owners)}::uuid[])
        AND ${within ?? sql`true`} AND (${key}) NOT IN (SELECT ${key} FROM wanted)
      RETURNING ${name(owner)} AS id
    ),
    put AS (${put(keyed, owner, [])})
    SELECT id FROM gone UNION SELECT id FROM put`;
}

function put({ table, key }: Keyed<PgTable>, of: Column, kept: readonly Column[]): SQL {
  const columns = Object.values(getTableColumns(table));
  const changing = columns.filter((column) => !key.includes(column) && !kept.includes(column));
  const change = sql`UPDATE SET (${names(changing)}) = ROW (${names(changing, sql`excluded.`)})
    WHERE (${names(changing, sql`present.`)}) IS DISTINCT FROM (${names(changing, sql`excluded.`)})`;
  return sql`INSERT INTO ${table} AS present (${names(columns)}) SELECT ${names(columns)} FROM wanted
    ON CONFLICT (${names(key)}) DO ${changing.length === 0 ? sql`NOTHING` : change}
    RETURNING new.${name(of)} AS id, old.${name(of)} IS NULL AS is_new`;
}

/** The rows as PostgreSQL reads them from one parameter: thousands of rows need no thousands of placeholders. */
function recordset<Table extends PgTable>(table: Table, rows: readonly Table['$inferSelect'][]): SQL {
  const columns = Object.entries(getTableColumns(table));
  const records = rows.map((row) => Object.fromEntries(columns.map(([member, column]) => [column.name, row[member]])));
  return sql`SELECT * FROM json_populate_recordset(NULL::${table}, ${JSON.stringify(records)}::json)`;
}

function names(columns: readonly Column[], prefix = sql``): SQL {
  return sql.join(
    columns.map((column) => sql`${prefix}${name(column)}`),
    sql`, `,
  );
}

function name(column: Column): SQL {
  return sql`${sql.identifier(column.name)}`;
}
