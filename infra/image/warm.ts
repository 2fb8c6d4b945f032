import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { workloads } from '../../functions/workloads.ts';

/** Addresses nobody answers at: a function starts without its dependencies and says that it is not ready. */
const NOWHERE = {
  DATABASE_URL_BOOKING: 'postgres://nobody@127.0.0.1:1/none',
  DATABASE_URL_PRACTITIONER: 'postgres://nobody@127.0.0.1:1/none',
  DATABASE_URL_PRACTITIONER_READER: 'postgres://nobody@127.0.0.1:1/none',
  DATABASE_URL_PATIENT_READER: 'postgres://nobody@127.0.0.1:1/none',
  DATABASE_URL_NOTIFICATION: 'postgres://nobody@127.0.0.1:1/none',
  DATABASE_URL_CRON: 'postgres://nobody@127.0.0.1:1/none',
  REDIS_URL: 'redis://127.0.0.1:1',
  EVENT_LOG_URL: 'kafka://127.0.0.1:1',
  OIDC_ISSUER: 'http://127.0.0.1:1',
  OIDC_JWKS_URL: 'http://127.0.0.1:1/jwks',
  OIDC_AUDIENCE: 'careflow',
  AWS_REGION: 'eu-west-3',
  EMAIL_FROM: 'no-reply@careflow.example',
  SMS_SENDER_ID: 'Careflow',
};

/** Starts and stops each bundled function once, so that Node keeps what it compiled: it writes its cache on a clean exit. */
export async function warmCompileCache(appDir: string, cacheDir: string): Promise<void> {
  for (const workload of workloads) await startAndStop(workload, appDir, cacheDir);
}

async function startAndStop(workload: string, appDir: string, cacheDir: string): Promise<void> {
  const env = { ...NOWHERE, NODE_COMPILE_CACHE: cacheDir, PORT: '0', DRAIN_DELAY_MS: '0', NODE_ENV: 'production' };
  const child = spawn(process.execPath, [`${appDir}/main.mjs`, workload], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.includes('"listeningAt"')) child.kill('SIGTERM');
  });
  const [code]: unknown[] = await exited;
  if (code !== 0) throw new Error(`${workload} did not start and stop cleanly`);
}
