import { fileURLToPath } from 'node:url';

import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';

import { AppError } from '../errors.ts';

const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url));

const SCHEMA = 'migration';

/** Any number, the same for all who migrate. */
const LOCK = 4_202_611;

/**
 * Brings the database up to the newest migration; called twice or at once it does so once, and one that is newer stays as it
 * is. Throws `conflict` where a migration was applied with other content than its file has now. `databaseUrl` names a role
 * that may create schemas and roles.
 */
export async function migrate(databaseUrl: string, migrationsFolder = MIGRATIONS): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'careflow-migrate' });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    mustBeAsApplied(readMigrationFiles({ migrationsFolder }), await listApplied(client));
    await applyMigrations(drizzle(client), { migrationsFolder, migrationsSchema: SCHEMA });
  } finally {
    await client.end();
  }
}

type Applied = { readonly hash: string; readonly createdAt: number };

/** Those that Drizzle has applied, as it keeps them; none before the first time. */
async function listApplied(client: pg.Client): Promise<Applied[]> {
  const table = `${SCHEMA}.__drizzle_migrations`;
  const { rows } = await client.query<{ kept: string | null }>('SELECT to_regclass($1)::text AS kept', [table]);
  if (rows[0]?.kept === null) return [];
  return (await client.query<Applied>(`SELECT hash, created_at::float8 AS "createdAt" FROM ${table}`)).rows;
}

/** Drizzle itself looks at nothing but which is the newest that was applied, and passes over the files up to that one. */
function mustBeAsApplied(files: readonly MigrationMeta[], applied: readonly Applied[]): void {
  const newest = Math.max(...applied.map(({ createdAt }) => createdAt));
  const hashes = new Map(applied.map(({ createdAt, hash }) => [createdAt, hash]));
  const changed = files.findIndex(
    ({ folderMillis, hash }) => folderMillis <= newest && hashes.get(folderMillis) !== hash,
  );
  if (changed === -1) return;
  throw new AppError(
    'conflict',
    `This database does not have migration ${String(changed).padStart(4, '0')} as its file is now. ` +
      'On one machine: npm run reset. ' +
      'In production: put the file back as it was applied, and what it lacks into a new migration; none that is applied is ever edited.',
  );
}
