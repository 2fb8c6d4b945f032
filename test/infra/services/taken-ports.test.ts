import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { freePort, onFreePort, reservedPort } from '../../../infra/local/services/free-port.ts';
import { startPostgres } from '../../../infra/local/services/postgres.ts';
import { PortInUse } from '../../../infra/local/services/process.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import { startServices } from '../../../infra/local/services/start-services.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = await temporaryFolder();
const modulePath = fileURLToPath(new URL('../../../infra/local/services/free-port.ts', import.meta.url));

function redisIn(name: string, port: number) {
  return startRedis({ dir: join(folder, name), port, logFile: join(folder, `${name}.log`) });
}

function postgresIn(name: string, port: number) {
  return startPostgres({ dir: join(folder, name), port, logFile: join(folder, `${name}.log`) });
}

it.each([
  ['Redis', redisIn],
  ['PostgreSQL', postgresIn],
])('takes no other %s that answers at the port for the one that was started', async (name, start) => {
  const port = await freePort();
  const first = await start(`first ${name}`, port);
  await expect(start(`second ${name}`, port)).rejects.toBeInstanceOf(PortInUse);
  const second = await onFreePort(port, (another) => start(`second ${name}`, another));
  expect(new URL(second.url).port).not.toBe(String(port));
  await Promise.all([first.stop(), second.stop()]);
});

it('leaves a port to the platform that has it, also while its server is down', async () => {
  const code = `const { onFreePort } = await import(${JSON.stringify(modulePath)});
    console.log(await onFreePort(0, async (port) => port)); setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said]: Buffer[] = await once(other.stdout, 'data');
  const port = Number(said);
  expect(await freePort(port)).toBe(port);
  expect(await reservedPort(port)).not.toBe(port);
  other.kill('SIGKILL');
  await once(other, 'exit');
  expect(await reservedPort(port)).toBe(port);
  expect(await reservedPort(port)).toBe(port);
});

it('tries another port where one was taken between looking and listening, and gives up on any other failure', async () => {
  const tried: number[] = [];
  const port = await onFreePort(await freePort(), async (free) => {
    if (tried.push(free) < 3) throw new PortInUse('taken');
    return free;
  });
  expect(tried).toHaveLength(3);
  expect(port).toBe(tried[2]);
  await expect(onFreePort(0, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
});

it('starts two sets of servers at the same moment', { timeout: 60_000 }, async () => {
  const homes = ['one', 'other'].map((name) => join(folder, name));
  const both = await Promise.all(homes.map((home) => startServices({ home, eventLog: 'postgres' })));
  const urls = both.flatMap(({ urls: { DATABASE_URL, REDIS_URL } }) => [DATABASE_URL, REDIS_URL]);
  expect(new Set(urls).size).toBe(4);
  await Promise.all(both.map((services) => services.stop()));
});
