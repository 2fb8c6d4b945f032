import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { RunningOidc } from '../../../infra/local/oidc/start.ts';
import { startOidc } from '../../../infra/local/oidc/start.ts';
import { createTokenVerifier } from '../../../shared/identity/verify-token.ts';

const issuer = 'http://localhost:8080/oidc';
const program = fileURLToPath(new URL('../../../infra/local/token.ts', import.meta.url));

let dir: string;
let platform: string;
let oidc: RunningOidc;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'token-'));
  platform = join(dir, 'platform.json');
  oidc = await startOidc({ dir, port: 0, issuer, findUser: () => Promise.resolve(undefined) });
  await writeFile(platform, JSON.stringify({ gateway: 'http://localhost:8080', oidc: oidc.url }));
});

afterAll(async () => {
  await oidc.stop();
  await rm(dir, { recursive: true });
});

async function run(...args: string[]) {
  const child = spawn(process.execPath, [program, '--platform', platform, ...args]);
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { output, errors, code: child.exitCode };
}

describe('npm run token', () => {
  it('prints a token and nothing else', async () => {
    const { output, errors, code } = await run('--role', 'patient', '--subject', 'p-1', '--country', 'fr');
    expect({ errors, code }).toEqual({ errors: '', code: 0 });
    const verify = createTokenVerifier({ issuer, audience: 'careflow', jwksUrl: oidc.jwksUrl });
    await expect(verify(`Bearer ${output.trim()}`)).resolves.toMatchObject({ subject: 'p-1', country: 'fr' });
  });

  it('says how it is used where an argument is missing or unknown', async () => {
    for (const args of [[], ['--role', 'patient'], ['--rolle', 'admin']]) {
      const { output, errors, code } = await run(...args);
      expect({ output, code }).toEqual({ output: '', code: 1 });
      expect(errors).toContain('npm run');
    }
  });

  it('says why the provider refuses', async () => {
    expect(await run('--role', 'wizard', '--subject', 'x')).toMatchObject({ output: '', code: 1 });
  });

  it('says what to do where the platform does not run', async () => {
    const stopped = join(dir, 'stopped.json');
    await writeFile(stopped, JSON.stringify({ oidc: 'http://127.0.0.1:1/oidc' }));
    for (const file of [stopped, join(dir, 'absent.json')]) {
      const { errors, code } = await run('--role', 'admin', '--platform', file);
      expect([errors.includes('npm start'), code]).toEqual([true, 1]);
    }
  });
});
