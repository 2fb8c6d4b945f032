import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { listSamples } from '../../../infra/seed/seed.ts';
import { connectDatabase } from '../../../shared/db/client.ts';
import { findDutyClinician } from '../../../shared/db/critical-alerts.ts';
import { createDatabase, type TestDatabase } from '../../support/services/database.ts';

const command = fileURLToPath(new URL('../../../infra/seed/main.ts', import.meta.url));
const nowhere = { PATH: process.env['PATH'], CAREFLOW_HOME: join(tmpdir(), 'careflow-is-not-here') };

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

function run(args: string[], environment: NodeJS.ProcessEnv): Promise<{ code: number | string; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...args], { env: environment }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    );
  });
}

describe('npm run seed', () => {
  it('writes to the databases that the environment names', async () => {
    const { code, output } = await run(['--practitioners', '3', '--patients', '2'], {
      ...nowhere,
      DATABASE_URL_PRACTITIONER: database.urlFor('careflow_practitioner'),
      DATABASE_URL_PATIENT: database.urlFor('careflow_patient'),
      DATABASE_URL_HOMEKIT: database.urlFor('careflow_homekit'),
      DATABASE_URL_LABORATORY: database.urlFor('careflow_laboratory'),
    });
    expect(output).toContain('In each of fr and de: 3 practitioners, 2 patients.');
    expect(code).toBe(0);
    const db = connectDatabase(database.url, { applicationName: 'test' });
    const { fr, de } = await listSamples(db);
    const onDuty = await Promise.all(['fr', 'de'].map((country) => findDutyClinician(db, country)));
    await db.$client.end();
    expect([fr.practitioners.length, fr.patients.length, de.practitioners.length, de.patients.length]).toEqual([
      3, 2, 3, 2,
    ]);
    expect(onDuty).toEqual([fr, de].map(({ practitioners: [first] }) => first?.id));
    expect([fr.testKits.length, de.testKits.length]).toEqual([9, 9]);
  });

  it('says what to do where there is no database', async () => {
    const { code, output } = await run([], nowhere);
    expect(output).toMatch(/^There is no database to write to. Start the platform with `npm start`/);
    expect(code).toBe(1);
  });

  it.each([['--practitioners', 'many'], ['--patients', '-1'], ['--everything']])(
    'explains itself when given %s %s',
    async (...args) => {
      const { code, output } = await run(args, nowhere);
      expect(output).toContain('npm run seed -- [--practitioners 150] [--patients 200]');
      expect(code).toBe(1);
    },
  );
});
