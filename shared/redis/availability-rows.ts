import { Command, type Redis } from 'ioredis';

import type { Layout } from './availability-layout.ts';
import type { Place, Places } from './availability-places.ts';

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
  return {
    one(ordinal) {
      const command = new ReadRow(places.of(ordinal));
      redis.sendCommand(command);
      return command.promise;
    },
    async many(ordinals) {
      if (ordinals.length === 0) return Buffer.alloc(0);
      return redis.availabilityRowsBuffer(keyPrefix, places.pack(ordinals), rowBytes);
    },
  };
}

/** GETRANGE of a row. To write it out is what asking costs the process most, and nearly all of it is always the same. */
class ReadRow extends Command {
  readonly #wire: string;

  constructor({ block, span }: Place) {
    super('getrange', [block.key, span.first, span.last], { replyEncoding: null });
    this.#wire = block.wire + span.wire;
  }

  override toWritable(): string {
    return this.#wire;
  }
}
