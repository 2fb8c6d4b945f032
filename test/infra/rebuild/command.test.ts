import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { defaultGrid } from '../../../shared/domain/grid.ts';
import { createBitmaps } from '../../../shared/redis/availability-bitmaps.ts';
import { connectRedis } from '../../../shared/redis/client.ts';
import { addPractitioners } from '../../support/practitioners.ts';
import { createDatabase, type TestDatabase } from '../../support/services/database.ts';
import { createRedisDatabase } from '../../support/services/redis-database.ts';

const command = fileURLToPath(new URL('../../../infra/rebuild/main.ts', import.meta.url));
const nowhere = { PATH: process.env['PATH'], CAREFLOW_HOME: join(tmpdir(), 'careflow-is-not-here') };
const today = Temporal.Now.plainDateISO('UTC');

let database: TestDatabase;
let environment: NodeJS.ProcessEnv & { REDIS_URL: string };
beforeAll(async () => {
  database = await createDatabase();
  environment = {
    ...nowhere,
    DATABASE_URL_PRACTITIONER_READER: database.urlFor('careflow_practitioner_reader'),
    REDIS_URL: await createRedisDatabase(),
    AVAILABILITY_DAYS: '14',
  };
  await addPractitioners(database.url, 700, today);
});
afterAll(() => database.drop());

function run(args: string[], env: NodeJS.ProcessEnv = environment): Promise<{ code: number | string; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    );
  });
}

async function withoutRow(): Promise<number[]> {
  const redis = await connectRedis(environment.REDIS_URL, { timeoutMs: 5_000 });
  const bitmap = createBitmaps(redis, { gridOf: () => defaultGrid, days: 14 })('fr');
  const everybody = Array.from({ length: 700 }, (_, ordinal) => ordinal);
  const rows = await bitmap.readMany(everybody, today.add({ days: 1 }), 1);
  redis.disconnect();
  return everybody.filter((ordinal) => rows[ordinal]?.[0] === undefined);
}

describe('npm run rebuild', () => {
  it('writes the rows of a country and says how many', async () => {
    expect(await withoutRow()).toHaveLength(700);
    const { code, output } = await run(['--country', 'fr']);
    expect(output).toMatch(/^Rebuilding fr =* 700\/700/m);
    expect(output).toMatch(/^700 rows of fr written in \d+\.\d s\.$/m);
    expect(code).toBe(0);
    expect(await withoutRow()).toEqual([]);
  });

  it('goes on where it is told to', async () => {
    const { code, output } = await run(['--country', 'fr', '--from', '650']);
    expect(output).toMatch(/^50 rows of fr written/m);
    expect(code).toBe(0);
  });

  it('has nothing to do for a country without practitioners', async () => {
    const { code, output } = await run(['--country', 'de']);
    expect(output).toMatch(/^0 rows of de written/m);
    expect(code).toBe(0);
  });

  it('says what fails', async () => {
    const { code, output } = await run(['--country', 'fr'], { ...environment, REDIS_URL: 'redis://127.0.0.1:1' });
    expect(output).toContain('the cache does not answer');
    expect(code).toBe(1);
  });

  it('says what to do where there is nothing to rebuild', async () => {
    const { code, output } = await run(['--country', 'fr'], nowhere);
    expect(output).toMatch(/^There is nothing to rebuild. Start the platform with `npm start`/);
    expect(code).toBe(1);
  });

  it.each([[[]], [['--country', 'France']], [['--country', 'fr', '--from', '-1']], [['--everything']]])(
    'explains itself when given %s',
    async (args) => {
      const { code, output } = await run(args);
      expect(output).toContain('npm run rebuild -- --country fr');
      expect(code).toBe(1);
    },
  );
});
