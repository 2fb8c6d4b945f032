import type { Redis } from 'ioredis';

import type { Layout } from './availability-layout.ts';
import type { Places } from './availability-places.ts';

/** Rows as they are kept; nothing, or zeros, for practitioners who have none. */
export type AvailabilityRows = {
  one(ordinal: number): Promise<Buffer>;
  /** One after the other, in one round trip. */
  many(ordinals: readonly number[]): Promise<Buffer>;
};

export function createAvailabilityRows(
  redis: Redis,
  { keyPrefix, rowBytes }: Layout,
  places: Places,
): AvailabilityRows {
  const sendTogether = createSendTogether(redis);
  return {
    one(ordinal) {
      const { block, span } = places.of(ordinal);
      const row = redis.getrangeBuffer(block.key, span.first, span.last);
      sendTogether();
      return row;
    },
    async many(ordinals) {
      if (ordinals.length === 0) return Buffer.alloc(0);
      return redis.availabilityRowsBuffer(keyPrefix, places.pack(ordinals), rowBytes);
    },
  };
}

/**
 * What is sent after this in the same turn of the event loop leaves in one piece: each piece costs the process more than all
 * else about a command.
 */
function createSendTogether(redis: Redis): () => void {
  let gathering = false;
  return () => {
    const { stream } = redis;
    if (gathering || !stream?.writable) return;
    gathering = true;
    stream.cork();
    queueMicrotask(() => {
      gathering = false;
      stream.uncork();
    });
  };
}
