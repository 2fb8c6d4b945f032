import { readdir, readFile } from 'node:fs/promises';

import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { migrate } from '../../../shared/db/migrate.ts';
import { createEmptyDatabase, type TestDatabase } from '../../support/services/database.ts';

const FOLDER = new URL('../../../shared/db/migrations/', import.meta.url);

describe('migrate', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createEmptyDatabase();
  });
  afterAll(() => database.drop());

  it('applies each migration once, also when two run at once and when run again', async () => {
    await Promise.all([migrate(database.url), migrate(database.url)]);
    await migrate(database.url);
    const applied = await query(database.url, 'SELECT count(*)::int AS count FROM migration.__drizzle_migrations');
    expect(applied).toEqual([{ count: (await migrationFiles()).length }]);
  });

  it('has every file in its journal', async () => {
    const journal: unknown = JSON.parse(await readFile(new URL('meta/_journal.json', FOLDER), 'utf8'));
    const tags = (await migrationFiles()).map((file) => ({ tag: file.replace('.sql', '') }));
    expect(journal).toMatchObject({ entries: tags });
  });

  it('keeps the index against double bookings by its name and definition', async () => {
    const index = await query(
      database.url,
      "SELECT indexdef FROM pg_indexes WHERE schemaname = 'booking' AND indexname = 'idx_no_double_book'",
    );
    expect(index).toEqual([
      {
        indexdef:
          'CREATE UNIQUE INDEX idx_no_double_book ON booking.bookings USING btree (practitioner_id, slot_start) ' +
          "WHERE (status = 'confirmed'::text)",
      },
    ]);
  });
});

async function migrationFiles(): Promise<string[]> {
  return (await readdir(FOLDER)).filter((file) => file.endsWith('.sql')).toSorted();
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}
