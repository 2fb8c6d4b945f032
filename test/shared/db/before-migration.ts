import { readdir, readFile } from 'node:fs/promises';

import pg from 'pg';

import { createEmptyDatabase } from '../../support/services/database.ts';

const FOLDER = new URL('../../../shared/db/migrations/', import.meta.url);

/** A database as it is before a migration, which `migrate` applies. */
export async function openBefore(migration: string) {
  const database = await createEmptyDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();

  async function apply(file: string): Promise<void> {
    const text = await readFile(new URL(file, FOLDER), 'utf8');
    for (const statement of text.split('--> statement-breakpoint')) await client.query(statement);
  }

  const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.sql')).toSorted();
  for (const file of files.filter((each) => each < migration)) await apply(file);
  return {
    client,
    migrate: () => apply(migration),
    async close() {
      await client.end();
      await database.drop();
    },
  };
}
