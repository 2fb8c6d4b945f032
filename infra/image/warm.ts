import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

import { workloads } from '../../functions/workloads.ts';

/** Addresses nobody answers at: a function starts without its dependencies and says that it is not ready. */
export const nowhere = {
  DATABASE_URL_BOOKING: 'postgres://nobody@127.0.0.1:1/none',
  DATABASE_URL_PRACTITIONER: 'postgres://nobody@127.0.0.1:1/none',
  DATABASE_URL_PRACTITIONER_READER: 'postgres://nobody@127.0.0.1:1/none',
  DATABASE_URL_PATIENT: 'postgres://nobody@127.0.0.1:1/none',
  DATABASE_URL_PATIENT_READER: 'postgres://nobody@127.0.0.1:1/none',
  DATABASE_URL_LABORATORY: 'postgres://nobody@127.0.0.1:1/none',
  DATABASE_URL_LABORATORY_READER: 'postgres://nobody@127.0.0.1:1/none',
  DATABASE_URL_HOMEKIT: 'postgres://nobody@127.0.0.1:1/none',
  DATABASE_URL_HOMEKIT_READER: 'postgres://nobody@127.0.0.1:1/none',
  DATABASE_URL_WORKER: 'postgres://nobody@127.0.0.1:1/none',
  DATABASE_URL_NOTIFICATION: 'postgres://nobody@127.0.0.1:1/none',
  DATABASE_URL_CRON: 'postgres://nobody@127.0.0.1:1/none',
  REDIS_URL: 'redis://127.0.0.1:1',
  EVENT_LOG_URL: 'kafka://127.0.0.1:1',
  OIDC_ISSUER: 'http://127.0.0.1:1',
  OIDC_JWKS_URL: 'http://127.0.0.1:1/jwks',
  OIDC_AUDIENCE: 'careflow',
  AWS_REGION: 'eu-west-3',
  EMAIL_FROM: 'no-reply@careflow.example',
  SUBJECT_KEYS_SECRET: Buffer.alloc(32).toString('base64url'),
  // RFC 7517, A.1.
  RETENTION_PUBLIC_KEY: JSON.stringify({
    kty: 'EC',
    crv: 'P-256',
    x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
    y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
  }),
  SMS_SENDER_ID: 'Careflow',
};

/**
 * Has each bundled function answer once, and what it would load at first use loaded, so that Node keeps what it compiled:
 * it writes its cache on a clean exit.
 */
export async function warmCompileCache(appDir: string, cacheDir: string): Promise<void> {
  const env = { ...nowhere, NODE_COMPILE_CACHE: cacheDir, PORT: '0', DRAIN_DELAY_MS: '0', NODE_ENV: 'production' };
  for (const workload of workloads) {
    await answerOnce(`${appDir}/main.mjs`, workload, env);
    await loadLaterParts(join(appDir, workload), env);
  }
}

async function answerOnce(main: string, workload: string, env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(process.execPath, [main, workload], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const address = /"listeningAt":"([^"]+)"/.exec(line)?.[1];
    if (address !== undefined) void askOnce(address).finally(() => child.kill('SIGTERM'));
  });
  const [code]: unknown[] = await exited;
  if (code !== 0) throw new Error(`${workload} did not start and stop cleanly`);
}

/** A probe, and a request that goes as far as it can without dependencies. */
async function askOnce(address: string): Promise<void> {
  for (const path of ['/health/live', '/fr/nothing']) await (await fetch(address + path)).text();
}

async function loadLaterParts(dir: string, env: NodeJS.ProcessEnv): Promise<void> {
  const files = (await readdir(dir)).filter((file) => file.endsWith('.mjs') && file !== 'main.mjs');
  const imports = files.map((file) => `await import(${JSON.stringify(pathToFileURL(join(dir, file)).href)});`);
  const argv = ['--input-type=module', '--eval', imports.join('')];
  const [code]: unknown[] = await once(spawn(process.execPath, argv, { env, stdio: 'inherit' }), 'exit');
  if (code !== 0) throw new Error(`${dir} holds a part that cannot be loaded`);
}
