import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, expect, it } from 'vitest';

import { findExecutable } from '../../../infra/local/services/command.ts';
import { freePort } from '../../../infra/local/services/free-port.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import { hasKafka } from '../../support/services/event-logs.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';
import { processesOf } from './support/processes.ts';
import { servicesHome } from './support/services-home.ts';

const home = await servicesHome();
const folder = await temporaryFolder();
const started: ChildProcess[] = [];

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

it.skipIf(!hasKafka)('leaves no process behind when it is killed itself', { timeout: 60_000 }, async () => {
  const script = fileURLToPath(new URL('./support/run-services.ts', import.meta.url));
  const child = spawn(process.execPath, [script, home], { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  await once(child.stdout, 'data');
  expect((await processesOf(home)).length).toBeGreaterThan(3);
  child.kill('SIGKILL');
  await until(async () => (await processesOf(home)).length === 0, { what: 'all to end', timeoutMs: 20_000 });
});

it('ends a server that a killed parent left behind, before it starts its own', async () => {
  const dir = join(folder, 'redis');
  const options = { dir, port: await freePort(), logFile: join(folder, 'redis.log') };
  const config = join(dir, 'redis.conf');
  await mkdir(dir);
  await writeFile(config, `port ${await freePort()}\nsave ""\nset-proc-title no\n`);
  const server = await findExecutable('redis-server');
  const left = spawn(server ?? 'none', [config], { stdio: 'ignore' });
  started.push(left);
  await until(async () => left.pid !== undefined && (await processesOf(config)).includes(left.pid), {
    what: 'a server',
  });
  const nobody = 2 ** 22 + 1;
  await writeFile(join(dir, 'redis.pid'), JSON.stringify({ pid: left.pid, parent: nobody }));
  const redis = await startRedis(options);
  expect(left.exitCode ?? left.signalCode).not.toBeNull();
  expect(await processesOf(config)).toEqual([redis.pid]);
  await redis.stop();
});

it('leaves a stranger alone who has got the number of a process that ended', async () => {
  const dir = join(folder, 'reused');
  await mkdir(dir);
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
  started.push(stranger);
  await once(stranger, 'spawn');
  await writeFile(join(dir, 'redis.pid'), JSON.stringify({ pid: stranger.pid, parent: 1 }));
  const redis = await startRedis({ dir, port: await freePort(), logFile: join(folder, 'redis.log') });
  expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  await redis.stop();
});
