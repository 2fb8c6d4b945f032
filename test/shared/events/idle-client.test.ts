import { expect, it } from 'vitest';

import { createIdleClient } from '../../../shared/events/idle-client.ts';
import { until } from '../../support/until.ts';

type Client = { number: number; isConnected: boolean };

function countedClients(idleMs: number) {
  const clients: Client[] = [];
  const idle = createIdleClient(
    async () => {
      const client = { number: clients.length + 1, isConnected: true };
      clients.push(client);
      return client;
    },
    async (client) => {
      client.isConnected = false;
    },
    idleMs,
  );
  return { ...idle, clients };
}

const numberOf = async ({ number }: Client) => number;
const HOUR_MS = 3_600_000;

it('connects at the first use and keeps the client for the next', async () => {
  const { use, clients } = countedClients(HOUR_MS);
  expect(clients).toHaveLength(0);
  expect(await Promise.all([use(numberOf), use(numberOf)])).toEqual([1, 1]);
  expect(await use(numberOf)).toBe(1);
  expect(clients[0]?.isConnected).toBe(true);
});

it('disconnects a client that nobody uses any more', async () => {
  const { use, clients } = countedClients(1);
  await use(async () => {
    await until(() => clients[0]?.isConnected, { what: 'a connected client' });
  });
  await until(() => clients[0]?.isConnected === false, { what: 'its end' });
  expect(await use(numberOf)).toBe(2);
});

it('replaces a client that failed, without taking it from those who still use it', async () => {
  const { use, clients } = countedClients(HOUR_MS);
  const gate = Promise.withResolvers<void>();
  const slow = use(async (client) => {
    await gate.promise;
    return client.isConnected;
  });
  await expect(use(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await use(numberOf)).toBe(2);
  gate.resolve();
  expect(await slow).toBe(true);
  await until(() => clients[0]?.isConnected === false, { what: 'the end of the broken client' });
});

it('tries to connect again after it could not', async () => {
  let attempts = 0;
  const { use } = createIdleClient(
    async () => {
      attempts += 1;
      if (attempts === 1) throw new Error('nobody there');
      return attempts;
    },
    async () => undefined,
    HOUR_MS,
  );
  await expect(use(async (attempt) => attempt)).rejects.toThrow('nobody there');
  expect(await use(async (attempt) => attempt)).toBe(2);
});
