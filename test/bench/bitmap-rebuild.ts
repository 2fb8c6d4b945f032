import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort } from '../../infra/local/services/free-port.ts';
import { startPostgres } from '../../infra/local/services/postgres.ts';
import { migrate } from '../../shared/db/migrate.ts';
import { addPractitioners } from '../support/practitioners.ts';
import type { Bench } from './bench.ts';

/** What a process that rebuilt the bitmap tells. */
export type Rebuilt = { readonly seconds: number; readonly residentBytes: number };

export type RebuildSize = { readonly practitioners: number; readonly days: number; readonly limitSeconds: number };

const FEW = 50_000;

/** From a PostgreSQL of its own, in processes of their own. */
export async function benchRebuild(bench: Bench, redisUrl: string, dir: string, size: RebuildSize): Promise<void> {
  await chmod(dir, 0o755);
  const logFile = join(dir, 'postgres.log');
  const settings = { max_wal_size: '8GB', checkpoint_timeout: '30min' };
  const server = await startPostgres({ dir: join(dir, 'postgres'), port: await freePort(), logFile, settings });
  try {
    await migrate(server.url);
    await addPractitioners(server.url, size.practitioners, Temporal.Now.plainDateISO('UTC'));
    const url = new URL(server.url);
    url.username = 'careflow_practitioner_reader';
    await measure(bench, size, (subject, practitioners) =>
      run([subject, url.href, redisUrl, String(size.days), String(size.practitioners - practitioners)]),
    );
  } finally {
    await server.stop();
  }
}

type Run = (subject: 'ours' | 'floor', practitioners: number) => Promise<Rebuilt>;

async function measure(bench: Bench, { practitioners, limitSeconds }: RebuildSize, run: Run): Promise<void> {
  const count = practitioners.toLocaleString('en');
  const whole: Rebuilt[] = [];
  await bench(`rebuild of ${count} from SQL, against the same rows copied`, {
    unit: 's',
    rounds: 1,
    ours: async () => {
      const rebuilt = await run('ours', practitioners);
      whole.push(rebuilt);
      return rebuilt.seconds;
    },
    floor: async () => (await run('floor', practitioners)).seconds,
  });
  await bench(`rebuild of ${count} from SQL, against a minute`, {
    unit: 's',
    rounds: 1,
    ours: () => whole.at(-1)?.seconds ?? Number.NaN,
    floor: () => limitSeconds,
    target: { atMost: 1 },
  });
  await bench(`memory of the rebuild of ${count}, against ${FEW.toLocaleString('en')}`, {
    unit: 'MB resident',
    rounds: 1,
    ours: () => (whole.at(-1)?.residentBytes ?? Number.NaN) / 1e6,
    floor: async () => (await run('ours', FEW)).residentBytes / 1e6,
    target: { atMost: 1.5 },
  });
}

async function run(args: readonly string[]): Promise<Rebuilt> {
  const subject = fork(fileURLToPath(new URL('rebuild-subject.ts', import.meta.url)), args);
  const [rebuilt]: Rebuilt[] = await Promise.race([
    once(subject, 'message'),
    once(subject, 'exit').then(([code]) => Promise.reject(new Error(`the rebuild ended with ${code}`))),
  ]);
  if (rebuilt === undefined) throw new Error('the rebuild told nothing');
  return rebuilt;
}
