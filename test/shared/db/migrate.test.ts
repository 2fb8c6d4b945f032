import { randomUUID } from 'node:crypto';
import { appendFile, cp, readdir, readFile, writeFile } from 'node:fs/promises';

import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { migrate } from '../../../shared/db/migrate.ts';
import { createEmptyDatabase, type TestDatabase } from '../../support/services/database.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const FOLDER = new URL('../../../shared/db/migrations/', import.meta.url);

let copies: string;

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

describe('a database that was migrated otherwise', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    copies = await temporaryFolder();
  });
  beforeEach(async () => {
    database = await createEmptyDatabase();
  });
  afterEach(() => database.drop());

  it('is refused where a migration was changed since it was applied, with what to do about it', async () => {
    const former = await copyOfFolder();
    await appendFile(`${former}/0001_booking.sql`, '\n-- as it was');
    await migrate(database.url, former);
    await expect(migrate(database.url)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/migration 0001 .* npm run reset.* In production: put the file back/),
    });
    await migrate(database.url, former);
  });

  it('is refused where a migration was put before those that it has', async () => {
    const former = await copyOfFolder();
    await writeJournal(former, (entries) => entries.toSpliced(2, 1).slice(0, 3));
    await migrate(database.url, former);
    await expect(migrate(database.url)).rejects.toMatchObject({ message: expect.stringContaining('migration 0002') });
  });

  it('is taken as it is where it has newer migrations', async () => {
    const newer = await copyOfFolder();
    await writeFile(`${newer}/9999_newer.sql`, 'CREATE TABLE public.newer ()');
    const entry = { tag: '9999_newer', when: Date.now(), breakpoints: true };
    await writeJournal(newer, (entries) => [...entries, { ...entries[0], ...entry }]);
    await migrate(database.url, newer);
    await migrate(database.url);
    expect(await query(database.url, "SELECT to_regclass('public.newer')::text AS name")).toEqual([{ name: 'newer' }]);
  });
});

async function copyOfFolder(): Promise<string> {
  const folder = `${copies}/${randomUUID()}`;
  await cp(FOLDER, folder, { recursive: true });
  return folder;
}

async function writeJournal(folder: string, change: (entries: object[]) => object[]): Promise<void> {
  const file = `${folder}/meta/_journal.json`;
  const journal: { entries: object[] } = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...journal, entries: change(journal.entries) }));
}

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
