import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createEmptyDatabase, type TestDatabase } from '../../support/services/database.ts';

const ROOT = new URL('../../../', import.meta.url);
const command = fileURLToPath(new URL('infra/postgres/migrate.ts', ROOT));
const { PATH } = process.env;

let database: TestDatabase;
beforeAll(async () => {
  database = await createEmptyDatabase();
});
afterAll(() => database.drop());

function migrate(environment: NodeJS.ProcessEnv): Promise<{ code: number | string; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [command], { env: { PATH, ...environment } }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    );
  });
}

describe('npm run migrate', () => {
  it('brings an empty database to the newest migration', async () => {
    const { code, output } = await migrate({ DATABASE_URL: database.url });
    expect(output).toContain('The database is at the newest migration.');
    expect(code).toBe(0);
  });

  it('says what to do about a migration that was changed after it was applied', async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query("UPDATE migration.__drizzle_migrations SET hash = 'another' WHERE created_at = 1002");
    await client.end();
    const { code, output } = await migrate({ DATABASE_URL: database.url });
    expect(output).toMatch(/^This database does not have migration 0002 .*\n$/);
    expect(code).toBe(1);
  });

  it('says what to set', async () => {
    const { code, output } = await migrate({});
    expect(output).toContain('Set DATABASE_URL to a role that may create schemas and roles');
    expect(code).toBe(1);
  });

  it('installs first what it needs, as does every command of the guide to production', async () => {
    const guide = await readFile(new URL('docs/production.md', ROOT), 'utf8');
    const { scripts } = JSON.parse(await readFile(new URL('package.json', ROOT), 'utf8'));
    const named = [...guide.matchAll(/npm\s+run\s+([\w:-]+)/g)].map(([, name]) => name);
    expect(named).toEqual(expect.arrayContaining(['migrate', 'rebuild', 'dead-letters']));
    expect(scripts).toHaveProperty(['migrate'], expect.stringMatching(/ node infra\/postgres\/migrate\.ts$/));
    for (const name of named) expect(scripts).toHaveProperty([String(name)], expect.stringMatching(/install\.sh && /));
  });
});
