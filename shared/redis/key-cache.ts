import type { Redis } from 'ioredis';

/** Text by key for some seconds, for whoever must not know Redis. */
export type KeyCache = {
  get(key: string): Promise<string | null>;
  set(key: string, value: string, ttlSeconds: number): Promise<unknown>;
};

export function createKeyCache(redis: Redis, prefix: string): KeyCache {
  return {
    get: (key) => redis.get(`${prefix}:${key}`),
    set: (key, value, ttlSeconds) => redis.set(`${prefix}:${key}`, value, 'EX', ttlSeconds),
  };
}
