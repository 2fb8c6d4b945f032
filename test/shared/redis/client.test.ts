import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { freePort } from '../../../infra/local/services/free-port.ts';
import type { Service } from '../../../infra/local/services/process.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import { type ConnectionLog, connectRedis, openRedis } from '../../../shared/redis/client.ts';
import { until } from '../../support/until.ts';

const unavailable = { code: 'unavailable' };
let dir: string;
let server: Service;
let redis: Redis | undefined;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'careflow-redis-'));
  server = await startRedis({ dir, port: await freePort(), logFile: join(dir, 'redis.log') });
});
afterEach(async () => {
  redis?.disconnect();
  await server.restart();
});
afterAll(async () => {
  await server.stop();
  await rm(dir, { recursive: true });
});

function createLines(): ConnectionLog & { readonly lines: string[] } {
  const lines: string[] = [];
  const add = (_: object, message: string) => void lines.push(message);
  return { lines, info: add, warn: add };
}

async function answers(client: Redis): Promise<boolean> {
  return client.ping().then(
    () => true,
    () => false,
  );
}

describe('openRedis', () => {
  it('lets what is asked of it wait for its first connection', async () => {
    const client = (redis = openRedis(server.url, { timeoutMs: 10_000 }));
    expect(client.status).not.toBe('ready');
    const [stored, results] = await Promise.all([client.set('early', 'a'), client.pipeline().get('early').exec()]);
    expect({ stored, results }).toEqual({ stored: 'OK', results: [[null, 'a']] });
  });

  it('lets nothing wait for a server that is not there', async () => {
    redis = openRedis(`redis://127.0.0.1:${await freePort()}`, { timeoutMs: 60_000 });
    await expect(redis.ping()).rejects.toMatchObject(unavailable);
  });

  it('lets nothing wait longer than a command may take', async () => {
    process.kill(server.pid, 'SIGSTOP');
    try {
      const client = (redis = openRedis(server.url, { timeoutMs: 100 }));
      await expect(client.ping()).rejects.toMatchObject(unavailable);
      await until(() => client.options.enableOfflineQueue === false, { what: 'the end of the wait' });
      await expect(client.ping()).rejects.toMatchObject(unavailable);
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
  });
});

describe('connectRedis', () => {
  it('is connected when it resolves, to the database that the address names', async () => {
    redis = await connectRedis(`${server.url}/3`, { timeoutMs: 10_000 });
    expect(await redis.client('INFO')).toContain(' db=3 ');
  });

  it('resolves without a server, and each command fails at once', async () => {
    redis = await connectRedis(`redis://127.0.0.1:${await freePort()}`);
    await expect(redis.ping()).rejects.toMatchObject(unavailable);
    await expect(redis.multi().incr('a').expire('a', 1).exec()).rejects.toMatchObject(unavailable);
  });

  it('connects by itself to a server that comes later', async () => {
    await server.stop();
    const log = createLines();
    const client = (redis = await connectRedis(server.url, { log }));
    await expect(client.ping()).rejects.toMatchObject(unavailable);
    await server.restart();
    await until(() => answers(client), { what: 'an answer' });
    expect(log.lines).toEqual(['Redis is not reachable', 'Redis is reachable again']);
  });

  it('names what a lost server leaves unanswered, and is back after it', async () => {
    const client = (redis = await connectRedis(server.url, { timeoutMs: 10_000 }));
    const waiting = client.blpop('never', 0);
    const failed = expect(waiting).rejects.toMatchObject(unavailable);
    await server.kill();
    await failed;
    await expect(client.get('a')).rejects.toMatchObject(unavailable);
    await server.restart();
    await until(() => answers(client), { what: 'an answer' });
  });

  it('does not wait for a server that hangs', async () => {
    const client = (redis = await connectRedis(server.url, { timeoutMs: 200 }));
    await until(() => answers(client), { what: 'an answer' });
    process.kill(server.pid, 'SIGSTOP');
    try {
      await expect(client.get('a')).rejects.toMatchObject(unavailable);
      const results = await client.pipeline().get('a').get('b').exec();
      expect(results?.map(([error]) => error)).toEqual([
        expect.objectContaining(unavailable),
        expect.objectContaining(unavailable),
      ]);
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
    await until(() => answers(client), { what: 'an answer' });
  });

  it('hands on what the server says of a command that is wrong', async () => {
    redis = await connectRedis(server.url, { timeoutMs: 10_000 });
    await redis.set('text', 'a');
    await expect(redis.lpush('text', 'b')).rejects.toThrow(/^WRONGTYPE/);
  });
});
