import type { Redis } from 'ioredis';

const SCANNED_AT_ONCE = 1_000;

/** Drops every key that carries an id, whatever wrote it. Resolves to how many there were. */
export async function forgetSubject(redis: Redis, id: string): Promise<number> {
  let [cursor, dropped] = ['0', 0];
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `*${id}*`, 'COUNT', SCANNED_AT_ONCE);
    // One by one: keys of different nodes cannot share a command.
    await Promise.all(keys.map((key) => redis.unlink(key)));
    dropped += keys.length;
    cursor = next;
  } while (cursor !== '0');
  return dropped;
}
