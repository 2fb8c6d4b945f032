import { randomUUID } from 'node:crypto';

import { subjectData } from '../../../shared/db/subject-data/contexts.ts';
import type { World } from './world.ts';

/** Where a word was planted that is to be found in the export and nowhere after the erasure. */
export type Canary = { readonly place: string; readonly word: string };

type Column = {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly length: number | null;
  readonly parent: string | null;
  readonly parentColumn: string | null;
};

type Row = Readonly<Record<string, unknown>>;

/** Plants one row of the patient in every table that says it holds something of patients, with a word in every column. */
export async function plantCanaries(world: World, patientId: string): Promise<Canary[]> {
  await dropChecks(world);
  const columns = Map.groupBy(await listColumns(world), ({ table }) => table);
  const canaries: Canary[] = [];
  const begun = new Set<string>();
  const planted = new Map<string, Row>();

  async function plant(table: string): Promise<Row | undefined> {
    if (begun.has(table)) return planted.get(table);
    begun.add(table);
    const row: Record<string, unknown> = {};
    for (const column of columns.get(table) ?? []) row[column.column] = await valueOf(column);
    await insert(world, table, row);
    planted.set(table, row);
    return row;
  }

  async function valueOf(column: Column): Promise<unknown> {
    const { table, parent, parentColumn } = column;
    // Of two that name each other the one that comes first does not yet.
    const parentRow = parent === null || parent === table ? undefined : await plant(parent);
    if (isPatient(column)) return patientId;
    if (parent !== null && parentColumn !== null) return parentRow?.[parentColumn] ?? null;
    const word = `cnry${String(canaries.length).padStart(4, '0')}`;
    const value = valueWith(word, column);
    const place = `${table}.${column.column}`;
    if (visible.has(place)) return visible.get(place);
    if (value === undefined) return fillerFor(column);
    canaries.push({ place, word });
    if (['sealed', 'archive'].includes(column.column)) return world.sealFor(patientId, word);
    return value;
  }

  for (const { schema, tables } of Object.values(subjectData)) {
    for (const table of Object.keys(tables)) await plant(`${schema}.${table}`);
  }
  const own = new Set(
    Object.values(subjectData).flatMap(({ schema, tables }) => Object.keys(tables).map((name) => `${schema}.${name}`)),
  );
  return canaries.filter(({ place }) => own.has(place.split('.').slice(0, 2).join('.')));
}

/** A word may stand where otherwise only some may. */
async function dropChecks(world: World): Promise<void> {
  const rows = await world.rows<{ statement: string }>(
    `
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS statement
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = c.connamespace
    WHERE contype IN ('c', 'x') AND NOT t.relispartition
      AND nspname = ANY ($1)`,
    [Object.values(subjectData).map(({ schema }) => schema)],
  );
  for (const { statement } of rows) await world.rows(statement);
}

async function listColumns(world: World): Promise<Column[]> {
  return world.rows<Column>(
    `
    SELECT n.nspname || '.' || c.relname AS table, a.attname AS column, format_type(a.atttypid, NULL) AS type,
      CASE WHEN a.atttypid = 'bpchar'::regtype THEN a.atttypmod - 4 END AS length,
      f.parent, f.parent_column AS "parentColumn"
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN LATERAL (
      SELECT fn.nspname || '.' || fc.relname AS parent, fa.attname AS parent_column
      FROM pg_constraint k
      JOIN pg_class fc ON fc.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = fc.relnamespace
      JOIN LATERAL unnest(k.conkey, k.confkey) AS pair (own, other) ON pair.own = a.attnum
      JOIN pg_attribute fa ON fa.attrelid = k.confrelid AND fa.attnum = pair.other
      WHERE k.contype = 'f' AND k.conrelid = c.oid LIMIT 1
    ) f ON true
    WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
      AND a.attidentity = '' AND a.attgenerated = '' AND n.nspname = ANY ($1)
    ORDER BY n.nspname, c.relname, a.attnum`,
    [Object.values(subjectData).map(({ schema }) => schema)],
  );
}

const naming = new Set([
  'patient_id',
  'proxy_id',
  'recipient_id',
  'grantee_id',
  'subject',
  'acted_by',
  'scanned_by',
  'granted_by',
  'requested_by',
]);

function isPatient({ table, column }: Column): boolean {
  return naming.has(column) || (table === 'patient.patients' && column === 'id');
}

const DOCUMENT = randomUUID();

/** What a patient is shown is final, and a document is one that a report names. */
const visible: ReadonlyMap<string, string> = new Map([
  ['laboratory.reports.status', 'final'],
  ['laboratory.observations.status', 'final'],
  ['laboratory.observation_versions.status', 'final'],
  ['laboratory.documents.id', DOCUMENT],
]);

/** Beside the word it has what is read of a report or an observation. */
function contentWith(word: string): string {
  const said = { code: { codings: [] }, values: [], interpretation: [], notes: [] };
  const documents = [{ contentType: 'application/pdf', url: `urn:uuid:${DOCUMENT}` }];
  return JSON.stringify({ deep: [{ word }], ...said, documents });
}

function valueWith(word: string, { type, length }: Column): unknown {
  if (type === 'text' || (type === 'character' && length !== null && length >= word.length)) return word;
  if (type === 'text[]') return [word];
  if (type === 'json' || type === 'jsonb') return contentWith(word);
  if (type === 'bytea') return Buffer.from(word);
  return undefined;
}

function fillerFor({ type, length, table, column }: Column): unknown {
  switch (type) {
    case 'uuid':
      return randomUUID();
    case 'uuid[]':
      return [randomUUID()];
    case 'character':
      return length === 2 ? 'fr' : 'x'.repeat(length ?? 1);
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'numeric':
      return 1;
    case 'boolean':
      return false;
    case 'date':
    case 'timestamp with time zone':
      return '2020-02-01';
    default:
      throw new Error(`no value for a ${type}: ${table}.${column}`);
  }
}

async function insert(world: World, table: string, row: Row): Promise<void> {
  const names = Object.keys(row);
  const places = names.map((_, index) => `$${index + 1}`);
  await world.rows(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${places.join(', ')})`, Object.values(row));
}

/** Everything the database holds, as text, by table. */
export async function dumpTables(world: World): Promise<Map<string, string>> {
  const tables = await world.rows<{ table: string }>(`
    SELECT format('%I.%I', n.nspname, c.relname) AS table
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`);
  const dump = new Map<string, string>();
  for (const { table } of tables) {
    const [found] = await world.rows<{ all: string | null }>(
      `SELECT string_agg(t::text, E'\\n') AS all FROM ${table} t`,
    );
    dump.set(table, found?.all ?? '');
  }
  return dump;
}

/** Everything Redis holds, keys and values. */
export async function dumpRedis({ redis }: World): Promise<string> {
  const keys = await redis.keys('*');
  const values = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
  return [...keys, ...values.map((value) => value?.toString('latin1') ?? '')].join('\n');
}

/** Whether a text has the word, in clear or as PostgreSQL writes bytes. */
export function holds(text: string, word: string): boolean {
  return text.includes(word) || text.includes(Buffer.from(word).toString('hex'));
}
