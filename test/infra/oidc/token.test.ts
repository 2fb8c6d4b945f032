import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { RunningOidc } from '../../../infra/local/oidc/start.ts';
import { startOidc } from '../../../infra/local/oidc/start.ts';
import { removePlatform, writePlatform } from '../../../infra/local/platform-file.ts';
import { createTokenVerifier } from '../../../shared/identity/verify-token.ts';

const issuer = 'http://localhost:8080/oidc';
const program = fileURLToPath(new URL('../../../infra/local/token.ts', import.meta.url));

let dir: string;
let oidc: RunningOidc;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'token-'));
  oidc = await startOidc({ dir, port: 0, issuer, findUser: () => Promise.resolve(undefined) });
  await announce(oidc.url);
});

afterAll(async () => {
  await oidc.stop();
  await rm(dir, { recursive: true });
});

function announce(url: string): Promise<void> {
  const [gateway, mailbox] = ['http://localhost:8080', 'http://127.0.0.1:1'];
  return writePlatform({ pid: process.pid, gateway, mailbox, oidc: url, environment: {} }, dir);
}

async function run(...args: string[]) {
  const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, CAREFLOW_HOME: dir } });
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
    await announce('http://127.0.0.1:1/oidc');
    const unreachable = await run('--role', 'admin');
    await removePlatform(dir);
    for (const { errors, code } of [unreachable, await run('--role', 'admin')]) {
      expect([errors.includes('npm start'), code]).toEqual([true, 1]);
    }
  });
});
