import { sql } from 'drizzle-orm';

import type { Queryable } from './client.ts';

/** A month of a table that is partitioned by months. */
export type TableMonth = {
  readonly table: string;
  /** Its first day. */
  readonly month: Temporal.PlainDate;
};

/** A schema's tables that are partitioned by time, how many months each is kept where its comment says so, and its partitions. */
function monthly(schema: string) {
  return sql`monthly AS (
      SELECT parent.oid, parent.relname AS table,
        substring(obj_description(parent.oid, 'pg_class') FROM 'kept for (\\d+) months')::int AS kept
      FROM pg_partitioned_table AS partitioned
      JOIN pg_class AS parent ON parent.oid = partitioned.partrelid
      JOIN pg_attribute AS key ON key.attrelid = parent.oid AND key.attnum = partitioned.partattrs[0]
      WHERE partitioned.partstrat = 'r' AND partitioned.partnatts = 1
        AND key.atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)
        AND parent.relnamespace = ${schema}::regnamespace
    ), bounds AS (
      SELECT i.inhparent, bound[1]::timestamptz AS lower, bound[2]::timestamptz AS upper
      FROM monthly
      JOIN pg_inherits AS i ON i.inhparent = monthly.oid
      JOIN pg_class AS part ON part.oid = i.inhrelid,
      regexp_match(pg_get_expr(part.relpartbound, part.oid), 'FROM \\(''([^'']+)''\\) TO \\(''([^'']+)''\\)') AS bound
    )`;
}

/**
 * The months from that of `day` on, `ahead` after it included, for which a table of a schema that is partitioned by time
 * (found in the catalog) has no partition.
 */
export async function listMissingMonths(
  db: Queryable,
  schema: string,
  { day, ahead }: { readonly day: Temporal.PlainDate; readonly ahead: number },
): Promise<TableMonth[]> {
  const { rows } = await db.execute<MonthRow>(sql`
    WITH ${monthly(schema)}
    SELECT monthly.table, to_char(month, 'YYYY-MM-DD') AS month
    FROM monthly, generate_series(0, ${ahead}::int) AS later,
      LATERAL (SELECT ${firstOf(day)}::timestamp + make_interval(months => later) AS month) AS wanted
    WHERE NOT EXISTS (
      SELECT FROM bounds
      WHERE bounds.inhparent = monthly.oid AND lower <= month AT TIME ZONE 'UTC'
        AND upper >= (month + interval '1 month') AT TIME ZONE 'UTC'
    )
    ORDER BY 1, 2`);
  return rows.map(monthOf);
}

/** The months that are past what their table's comment declares it kept for, as `kept for 13 months`. */
export async function listExpiredMonths(db: Queryable, schema: string, day: Temporal.PlainDate): Promise<TableMonth[]> {
  const { rows } = await db.execute<MonthRow>(sql`
    WITH ${monthly(schema)}
    SELECT monthly.table, to_char(lower AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS month
    FROM monthly JOIN bounds ON bounds.inhparent = monthly.oid
    WHERE upper <= (${firstOf(day)}::timestamp - make_interval(months => kept)) AT TIME ZONE 'UTC'
    ORDER BY 1, 2`);
  return rows.map(monthOf);
}

/** Has a schema make its partitions of a month: by its own function, since no function's role may make tables. */
export async function createMonth(db: Queryable, schema: string, month: Temporal.PlainDate): Promise<void> {
  await db.execute(sql`SELECT ${sql.identifier(schema)}.create_month(${month.toString()}::date)`);
}

/** Has a schema drop its partitions of a month, likewise. */
export async function dropMonth(db: Queryable, schema: string, month: Temporal.PlainDate): Promise<void> {
  await db.execute(sql`SELECT ${sql.identifier(schema)}.drop_month(${month.toString()}::date)`);
}

type MonthRow = { table: string; month: string };

function monthOf({ table, month }: MonthRow): TableMonth {
  return { table, month: Temporal.PlainDate.from(month) };
}

function firstOf(day: Temporal.PlainDate): string {
  return day.with({ day: 1 }).toString();
}
