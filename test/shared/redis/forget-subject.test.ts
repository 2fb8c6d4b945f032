import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { openRedis } from '../../../shared/redis/client.ts';
import { forgetSubject } from '../../../shared/redis/forget-subject.ts';
import { createRedisDatabase } from '../../support/services/redis-database.ts';

let redis: ReturnType<typeof openRedis>;
beforeAll(async () => {
  redis = openRedis(await createRedisDatabase(), { timeoutMs: 5_000 });
});
afterAll(() => redis.disconnect());

it('drops every key that carries the id, among many, and no other', async () => {
  const [id, other] = [randomUUID(), randomUUID()];
  const keys = Array.from({ length: 3_000 }, (_, index) => [`a:${index}:${index % 3 === 0 ? id : other}`, 'x']);
  await redis.mset(...keys.flat());
  await redis.hset(`hash:{${id}}`, 'field', 'x');
  expect(await forgetSubject(redis, id)).toBe(1_001);
  expect([await redis.dbsize(), await forgetSubject(redis, id)]).toEqual([2_000, 0]);
});
