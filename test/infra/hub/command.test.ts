import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { bearer } from '../../functions/real-functions.ts';
import { addPatient } from '../../support/practices.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { keepAccessoriesIn, type RealAccessory, startAccessory } from './accessory.ts';
import { type Home, openHome } from './home.ts';

const COMMAND = fileURLToPath(new URL('../../../infra/hub/main.ts', import.meta.url));

let home: Home;
let folder: string;
let accessory: RealAccessory;
beforeAll(async () => {
  folder = await temporaryFolder();
  keepAccessoriesIn(join(folder, 'accessories'));
  [home, accessory] = [await openHome(), await startAccessory()];
});
afterAll(async () => {
  await accessory.close();
  await home.close();
});

type Ended = { readonly code: number | null; readonly output: string; readonly errors: string };

function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}, input = ''): Promise<Ended> {
  const env = { PATH: process.env['PATH'], CAREFLOW_HOME: folder, ...environment };
  const child = spawn(process.execPath, [COMMAND, ...args], { env });
  // One that ends without reading it closes the pipe.
  child.stdin.on('error', () => undefined).end(input);
  const said = { output: '', errors: '' };
  child.stdout.on('data', (bytes: Buffer) => (said.output += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (said.errors += bytes.toString()));
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, ...said }));
  });
}

function at({ place }: RealAccessory): string[] {
  return ['--address', place.address, '--port', String(place.port)];
}

describe('npm run hub', () => {
  it('registers an accessory, again as the same device, and ends its pairing', async () => {
    const patientId = await addPatient(home.world.admin);
    const header = await bearer(home.world, { role: 'patient', subject: patientId });
    const cloud = { CAREFLOW_GATEWAY: home.gateway, CAREFLOW_TOKEN: header.slice('Bearer '.length) };
    const what = ['--setup', accessory.setupPayload, '--country', 'fr', '--patient', patientId];
    const first = await run(['register', ...at(accessory), ...what], cloud);
    expect([first.code, first.errors]).toEqual([0, '']);
    expect(first.output).toMatch(
      /The accessory is paired\n.*Thermometer 1.*\n.*prove.*\nThe device is registered: .+\n/,
    );
    const unsaid = ['--country', 'fr', '--patient', patientId];
    const second = await run(['register', ...at(accessory), ...unsaid], cloud, `${accessory.setupPayload}\n`);
    expect(second.output.split('\n').at(-2)).toBe(first.output.split('\n').at(-2));
    expect(`${first.output}${second.output}`).not.toMatch(/518-?08-?582|X-HM/);
    expect(await readdir(join(folder, 'hub'))).toHaveLength(1);
    expect(await run(['unpair', ...at(accessory)])).toEqual({
      code: 0,
      output: 'The pairing has ended.\n',
      errors: '',
    });
    expect(await readdir(join(folder, 'hub'))).toEqual([]);
  });

  it.each([
    ['nothing', [], '--address and --port'],
    ['no port', ['register', '--address', '127.0.0.1'], '--address and --port'],
    ['a port that is none', ['register', '--address', '127.0.0.1', '--port', '99999'], '--address and --port'],
    ['no command', ['--address', '127.0.0.1', '--port', '1'], 'Say register or unpair'],
    ['no patient', ['register', '--address', '127.0.0.1', '--port', '1'], '--patient are needed'],
    ['an unknown option', ['register', '--colour', 'red'], '--colour'],
  ])('says how it is used when given %s', async (_, args, hint) => {
    const { code, errors } = await run(args);
    expect(code).toBe(1);
    expect(errors).toContain(hint);
    expect(errors).toContain('npm run hub -- register');
  });

  it('says how it is used when it is told no setup payload', async () => {
    const what = ['--country', 'fr', '--patient', 'somebody'];
    const cloud = { CAREFLOW_GATEWAY: home.gateway, CAREFLOW_TOKEN: 'none' };
    const { code, errors } = await run(['register', ...at(accessory), ...what], cloud);
    expect([code, errors]).toEqual([1, expect.stringContaining('by --setup or standard input')]);
  });

  it('says what to do where nothing is paired, or nothing runs', async () => {
    const unknown = await run(['unpair', '--address', '127.0.0.1', '--port', '1']);
    expect([unknown.code, unknown.errors]).toEqual([1, 'Nothing is paired there.\n']);
    const what = ['--setup', accessory.setupPayload, '--country', 'fr', '--patient', 'somebody'];
    const alone = await run(['register', ...at(accessory), ...what]);
    expect([alone.code, alone.errors]).toEqual([1, expect.stringContaining('npm start')]);
  });

  it('says that nobody listens where the accessory should be', async () => {
    const what = ['--setup', accessory.setupPayload, '--country', 'fr', '--patient', 'somebody'];
    const cloud = { CAREFLOW_GATEWAY: home.gateway, CAREFLOW_TOKEN: 'none' };
    const { code, errors } = await run(['register', '--address', '127.0.0.1', '--port', '1', ...what], cloud);
    expect([code, errors]).toEqual([1, expect.stringContaining('ECONNREFUSED')]);
  });
});
