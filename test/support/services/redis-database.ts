import { Redis } from 'ioredis';
import { inject } from 'vitest';

/** So many test files may have a database of their own before the first one is given out again. */
export const REDIS_DATABASES = 512;

/** An empty logical database of the run's Redis, for the calling test file alone. */
export async function createRedisDatabase(): Promise<string> {
  const server = inject('redisUrl');
  const index = await withRedis(server, (redis) => redis.incr('databases given out'));
  const url = `${server}/${1 + ((index - 1) % (REDIS_DATABASES - 1))}`;
  await withRedis(url, (redis) => redis.flushdb());
  return url;
}

async function withRedis<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}
