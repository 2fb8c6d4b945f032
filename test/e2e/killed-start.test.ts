import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { findPlatform } from '../../infra/local/platform-file.ts';
import { freePort } from '../../infra/local/services/free-port.ts';
import { processesOf } from '../infra/services/support/processes.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/services/database.ts';
import { createRedisDatabase } from '../support/services/redis-database.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const fileOf = (name: string) => fileURLToPath(new URL(`../../infra/local/${name}.ts`, import.meta.url));

/** Where setpriv(1) is not found: the kernel tells no function that the platform was killed. */
const WITHOUT_SETPRIV = dirname(process.execPath);

describe('npm start, killed', { timeout: 120_000 }, () => {
  const started: ChildProcess[] = [];
  let database: TestDatabase;
  let environment: Record<string, string>;
  let home: string;
  let functions: string;
  beforeAll(async () => {
    database = await createEmptyDatabase();
    home = await temporaryFolder();
    functions = join(home, 'functions');
    environment = {
      CAREFLOW_HOME: home,
      DATABASE_URL: database.url,
      EVENT_LOG_URL: database.url,
      REDIS_URL: await createRedisDatabase(),
    };
  });
  afterAll(async () => {
    for (const child of started) child.kill('SIGKILL');
    for (const pid of await processesOf(functions)) process.kill(pid, 'SIGKILL');
    await database.drop();
  });

  /** `npm start`, with a function running. */
  async function start(path: string): Promise<ChildProcess> {
    const port = String(await freePort());
    const env = { ...environment, PATH: path, CAREFLOW_PORT: port };
    const child = spawn(process.execPath, [fileOf('start')], { stdio: 'ignore', env });
    started.push(child);
    const isReady = async () => (await findPlatform(home))?.pid === child.pid;
    await until(isReady, { what: 'the platform', timeoutMs: 90_000 });
    const answer = await fetch(`http://localhost:${port}/fr/bookings`);
    expect(answer.status).toBe(401);
    expect(await processesOf(functions)).not.toEqual([]);
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  it('takes its functions with it', async () => {
    await kill(await start(process.env['PATH'] ?? ''));
    await until(async () => (await processesOf(functions)).length === 0, { what: 'the functions to end' });
    expect(await findPlatform(home)).toBeUndefined();
  });

  it('leaves nothing that the next start, or a reset, does not end', async () => {
    await kill(await start(WITHOUT_SETPRIV));
    const left = await processesOf(functions);
    expect(left).not.toEqual([]);

    const next = await start(WITHOUT_SETPRIV);
    const running = await processesOf(functions);
    expect(running.filter((pid) => left.includes(pid))).toEqual([]);
    await until(async () => (await notedPids()).isSubsetOf(new Set(await processesOf(functions))), {
      what: 'the notes of those that have ended to be gone',
    });
    expect(await reset()).toMatch(/The platform is running/);

    await kill(next);
    expect(await processesOf(functions)).not.toEqual([]);
    expect(await reset()).toMatch(/^All data in .* is gone/);
    expect(await processesOf(functions)).toEqual([]);
    expect(await readFile(join(home, 'run', 'platform.json')).catch(() => 'gone')).toBe('gone');
  });

  async function notedPids(): Promise<Set<number>> {
    const files = await readdir(join(home, 'run', 'functions'));
    return new Set(files.map((file) => Number.parseInt(file, 10)));
  }

  function reset(): Promise<string> {
    return new Promise((resolve) => {
      execFile(process.execPath, [fileOf('reset')], { env: environment }, (_error, stdout, stderr) =>
        resolve(stdout + stderr),
      );
    });
  }
});
