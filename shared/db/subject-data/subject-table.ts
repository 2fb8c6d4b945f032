import { type SQL, sql } from 'drizzle-orm';

import type { RetainedKind } from '../../domain/retention.ts';
import type { Database, Queryable } from '../client.ts';

/** A table that holds something of patients. In its conditions the table is `t`. */
export type SubjectTable = {
  /** The rows that are a patient's. */
  readonly rowsOf: (patientId: string) => SQL;
  readonly erase: Erasing;
  /** Which of these are in an export; all where nothing is said. */
  readonly exportOnly?: (patientId: string) => SQL;
  /** Which of them stay for now, as somebody else is still to be told: who tells them deletes them afterwards. */
  readonly spares?: SQL;
  /** Columns that are in no export. */
  readonly exportWithout?: readonly string[];
  /** Rows of others in which the patient acted, and what is set in them so that nobody sees who it was. */
  readonly actedIn?: { readonly rowsOf: (patientId: string) => SQL; readonly set: (patientId: string) => SQL };
  /** That a law may want the rows kept, and the column that tells how old they are, where there is one. */
  readonly retained?: { readonly kind: RetainedKind; readonly by?: string };
};

/**
 * What becomes of a patient's rows: they are deleted; go with the rows of another table that they hang on; are changed so that
 * they are nobody's; or stay, since nothing in them tells whose they were.
 */
export type Erasing =
  'delete' | 'with-another' | { readonly set: (patientId: string) => SQL } | { readonly stay: string };

/** What a context keeps of patients: every table of its schema is in one of the two. */
export type SubjectData = {
  readonly schema: string;
  /** In the order in which they are erased. */
  readonly tables: Readonly<Record<string, SubjectTable>>;
  /** What an export holds of the tables that it names, instead of all rows of theirs: what the patient is shown by now. */
  readonly shown?: (tx: Queryable, patientId: string) => Promise<ShownTables>;
  /** Tables that hold nothing personal that could be read, and why. */
  readonly impersonal: Readonly<Record<string, string>>;
};

/** A row as JSON, its members named as its columns. */
export type SubjectRow = Readonly<Record<string, unknown>>;

/** Rows by table. */
export type ShownTables = Readonly<Record<string, readonly SubjectRow[]>>;

/** Rows of one table that law may want kept. */
export type RetainedRows = {
  readonly kind: RetainedKind;
  readonly table: string;
  readonly rows: readonly SubjectRow[];
  readonly newestOn: Temporal.PlainDate | undefined;
};

/** All rows of a patient by table, or those that they are shown, as they were at one moment. */
export async function exportSubject(
  db: Database,
  { schema, tables, shown: show }: SubjectData,
  patientId: string,
): Promise<Record<string, readonly SubjectRow[]>> {
  return db.transaction(
    async (tx) => {
      const shown = await show?.(tx, patientId);
      const found: Record<string, readonly SubjectRow[]> = {};
      for (const [name, table] of Object.entries(tables)) {
        found[name] = shown?.[name] ?? (await readExported(tx, named(schema, name), table, patientId));
      }
      return found;
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}

async function readExported(
  tx: Queryable,
  table: SQL,
  { rowsOf, exportOnly = () => sql`true`, exportWithout = [] }: SubjectTable,
  patientId: string,
): Promise<SubjectRow[]> {
  const { rows } = await tx.execute<{ row: SubjectRow }>(
    sql`SELECT to_jsonb(t) - ${sql.param([...exportWithout])}::text[] AS row
      FROM ${table} AS t WHERE (${rowsOf(patientId)}) AND ${exportOnly(patientId)}`,
  );
  return rows.map(({ row }) => row);
}

/**
 * Erases all rows of a patient in one transaction, which commits after `keep` has put aside what law may want kept: where it
 * does not, nothing is erased. Again, it erases what has come since. Throws `unavailable` where one of the rows has changed
 * meanwhile: nothing is erased that was not read. @returns how many rows there were.
 */
export async function eraseSubject(
  db: Database,
  { schema, tables }: SubjectData,
  patientId: string,
  keep: (retained: readonly RetainedRows[]) => Promise<void>,
): Promise<number> {
  return db.transaction(
    async (tx) => {
      const retained: RetainedRows[] = [];
      for (const [table, { rowsOf, retained: law }] of Object.entries(tables)) {
        if (law)
          retained.push({
            table,
            kind: law.kind,
            ...(await readRetained(tx, schema, table, rowsOf(patientId), law.by)),
          });
      }
      let erased = 0;
      for (const [name, table] of Object.entries(tables)) {
        erased += await eraseRows(tx, named(schema, name), table, patientId);
      }
      await keep(retained.filter(({ rows }) => rows.length > 0));
      return erased;
    },
    { isolationLevel: 'repeatable read' },
  );
}

/** In an order of their own, so that the same rows are the same content again. */
async function readRetained(
  tx: Queryable,
  schema: string,
  table: string,
  where: SQL,
  by: string | undefined,
): Promise<Pick<RetainedRows, 'rows' | 'newestOn'>> {
  const day = by === undefined ? sql`NULL` : sql`(t.${sql.identifier(by)})::date::text`;
  const { rows } = await tx.execute<{ row: SubjectRow; day: string | null }>(
    sql`SELECT to_jsonb(t) AS row, ${day} AS day FROM ${named(schema, table)} AS t WHERE ${where} ORDER BY 1`,
  );
  const days = rows.flatMap((found) => (found.day === null ? [] : [Temporal.PlainDate.from(found.day)]));
  return { rows: rows.map(({ row }) => row), newestOn: days.toSorted(Temporal.PlainDate.compare).at(-1) };
}

async function eraseRows(
  tx: Queryable,
  table: SQL,
  { rowsOf, erase, spares = sql`false`, actedIn }: SubjectTable,
  patientId: string,
): Promise<number> {
  if (actedIn) {
    await tx.execute(sql`UPDATE ${table} AS t SET ${actedIn.set(patientId)} WHERE ${actedIn.rowsOf(patientId)}`);
  }
  const statement = erasing(table, erase, patientId);
  if (!statement) return 0;
  const { rowCount } = await tx.execute(sql`${statement} WHERE (${rowsOf(patientId)}) AND NOT (${spares})`);
  return rowCount ?? 0;
}

function erasing(table: SQL, erase: Erasing, patientId: string): SQL | undefined {
  if (erase === 'delete') return sql`DELETE FROM ${table} AS t`;
  if (erase === 'with-another' || 'stay' in erase) return undefined;
  return sql`UPDATE ${table} AS t SET ${erase.set(patientId)}`;
}

function named(schema: string, table: string): SQL {
  return sql`${sql.identifier(schema)}.${sql.identifier(table)}`;
}
