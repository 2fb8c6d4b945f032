import { randomUUID } from 'node:crypto';

import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Caller, Role } from '../../../shared/domain/caller.ts';
import { connectRedis } from '../../../shared/redis/client.ts';
import { createRateLimit, type LimitRate } from '../../../shared/redis/rate-limit.ts';
import { createRedisDatabase } from '../../support/services/redis-database.ts';

const LIMITS = { perSubject: 3, perAddress: 5 };
const limited = expect.objectContaining({ code: 'rate-limited' });

function aCaller(...roles: Role[]): Caller {
  return { subject: randomUUID(), roles, scopes: [], country: 'fr' };
}

function anAddress(): string {
  return `2001:db8::${randomUUID().slice(0, 4)}`;
}

describe('the rate limit', () => {
  let url: string;
  let redis: Redis;
  let limit: LimitRate;
  beforeAll(async () => {
    url = await createRedisDatabase();
    redis = await connectRedis(url);
    limit = createRateLimit(redis, LIMITS);
  });
  afterAll(() => redis.disconnect());

  it('tells each caller what is left, and refuses what is too much until the minute is over', async () => {
    const caller = aCaller('patient');
    for (const left of ['2', '1', '0']) {
      const headers = await limit(caller, anAddress());
      expect(headers).toMatchObject({ 'ratelimit-limit': '3', 'ratelimit-remaining': left });
      expect(Number(headers['ratelimit-reset'])).toBeLessThanOrEqual(60);
    }
    const details = { retryAfterSeconds: expect.any(Number) };
    await expect(limit(caller, anAddress())).rejects.toMatchObject({ code: 'rate-limited', details });
  });

  it('counts each caller for themselves', async () => {
    const [one, other] = [aCaller('patient'), aCaller('patient')];
    for (let count = 0; count < LIMITS.perSubject; count += 1) await limit(one, anAddress());
    await expect(limit(one, anAddress())).rejects.toEqual(limited);
    expect(await limit(other, anAddress())).toMatchObject({ 'ratelimit-remaining': '2' });
  });

  it('counts an address, whoever asks from it', async () => {
    const address = anAddress();
    for (let count = 0; count < LIMITS.perAddress; count += 1) await limit(aCaller('patient'), address);
    await expect(limit(aCaller('patient'), address)).rejects.toEqual(limited);
    await expect(limit(undefined, address)).rejects.toEqual(limited);
    expect(await limit(undefined, anAddress())).toMatchObject({ 'ratelimit-limit': '5', 'ratelimit-remaining': '4' });
  });

  it('counts over all instances', async () => {
    const caller = aCaller('patient');
    const second = await connectRedis(url);
    const elsewhere = createRateLimit(second, LIMITS);
    await limit(caller, anAddress());
    await elsewhere(caller, anAddress());
    expect(await limit(caller, anAddress())).toMatchObject({ 'ratelimit-remaining': '0' });
    await expect(elsewhere(caller, anAddress())).rejects.toEqual(limited);
    second.disconnect();
  });

  it('lets no more through than it should where many come at once', async () => {
    const caller = aCaller('patient');
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => limit(caller, anAddress())));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(LIMITS.perSubject);
  });

  it("does not limit the platform's own systems", async () => {
    for (const role of ['system', 'admin'] as const) {
      const [caller, address] = [aCaller(role), anAddress()];
      for (let count = 0; count < 10; count += 1) expect(await limit(caller, address)).toEqual({});
    }
  });

  it('counts for itself while Redis is away', async () => {
    const away = await connectRedis('redis://127.0.0.1:1', { timeoutMs: 20 });
    const alone = createRateLimit(away, LIMITS);
    const caller = aCaller('patient');
    for (let count = 0; count < LIMITS.perSubject; count += 1) await alone(caller, anAddress());
    await expect(alone(caller, anAddress())).rejects.toEqual(limited);
    away.disconnect();
  });
});
