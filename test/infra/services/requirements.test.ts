import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';

import { afterEach, expect, it, vi } from 'vitest';

import { freePort } from '../../../infra/local/services/free-port.ts';
import { kafkaJars } from '../../../infra/local/services/kafka-jars.ts';
import { startPostgres } from '../../../infra/local/services/postgres.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = await temporaryFolder();

afterEach(() => {
  vi.unstubAllEnvs();
});

it('says what to install where there is no Maven', async () => {
  vi.stubEnv('PATH', folder);
  await expect(kafkaJars(join(folder, 'libs'))).rejects.toMatchObject({
    name: 'MissingRequirement',
    remedy: expect.stringContaining('apt-get install maven'),
  });
});

it('says what to install where there is no Redis and no right to install it', async () => {
  vi.stubEnv('PATH', folder);
  const redis = startRedis({ dir: join(folder, 'redis'), port: await freePort(), logFile: join(folder, 'redis.log') });
  await expect(redis).rejects.toMatchObject({
    name: 'MissingRequirement',
    remedy: expect.stringContaining('apt-get install redis-server'),
  });
});

it('tells from its log why a server could not start', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const redis = startRedis({ dir: join(folder, 'no-port'), port, logFile: join(folder, 'no-port.log') });
  await expect(redis).rejects.toThrow(/Redis ended with code 1; .*no-port\.log ends:[^]*Address already in use/);
  taken.close();
});

it('finds another port where the preferred one is taken', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  expect(await freePort(port)).not.toBe(port);
  taken.close();
  await once(taken, 'close');
  expect(await freePort(port)).toBe(port);
});

it('starts PostgreSQL anew after a start that was cut off', async () => {
  const dir = join(folder, 'postgres');
  const options = { dir, port: await freePort(), logFile: join(folder, 'postgres.log'), settings: { fsync: 'off' } };
  const first = await startPostgres(options);
  await first.kill();
  const second = await startPostgres(options);
  expect(second.url).toBe(first.url);
  await second.stop();
});
