import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import type { Workload } from '../../functions/workloads.ts';
import type { Program } from './process-under-test.ts';

const BUILD = fileURLToPath(new URL('../../infra/image/build.ts', import.meta.url));

/** Makes what the image holds, as the image makes it, and answers how a function of it is started. */
export async function buildBundle(
  dir: string,
): Promise<(name: Workload, environment: Readonly<Record<string, string>>) => Program> {
  await promisify(execFile)(process.execPath, [BUILD, dir]);
  return (name, environment) => ({
    argv: [process.execPath, join(dir, 'main.mjs'), name],
    env: {
      ...environment,
      PATH: process.env['PATH'] ?? '',
      NODE_ENV: 'production',
      NODE_COMPILE_CACHE: join(dir, 'compile-cache'),
      DRAIN_DELAY_MS: '0',
    },
  });
}
