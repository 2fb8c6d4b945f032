import type { Redis } from 'ioredis';

import type { Layout } from './availability-layout.ts';

/** A place in the stream of changes. */
export type Position = string;

/** The ordinals whose rows were written, `count` from `first` on. */
export type Change = { readonly first: number; readonly count: number };

export type Changes = {
  /** The newest position; undefined where nothing has changed for so long, or all was lost, that there is none. */
  newest(): Promise<Position | undefined>;
  /** What changed after a position; undefined where it cannot be told: too much, or too long ago. */
  since(position: Position): Promise<{ readonly position: Position; readonly changes: readonly Change[] } | undefined>;
};

/** So far behind, starting afresh is cheaper than catching up. */
const MAX_BEHIND = 256;

/** The stream to which every script that writes rows adds whose they are. */
export function changesKey({ keyPrefix }: Layout): string {
  return `${keyPrefix}changes`;
}

/** What the scripts take of it: ordinals as text. */
export function changeOf(first: number, count: number): string {
  return `${first} ${count}`;
}

export function createChanges(redis: Redis, layout: Layout): Changes {
  const key = changesKey(layout);
  return {
    async newest() {
      const [entry] = await redis.xrevrange(key, '+', '-', 'COUNT', 1);
      return entry?.[0];
    },
    async since(position) {
      const entries = await redis.xrange(key, position, '+', 'COUNT', MAX_BEHIND);
      // The position itself is among them, or the stream was cut off or lost in between.
      if (entries[0]?.[0] !== position || entries.length === MAX_BEHIND) return undefined;
      const changes = entries.slice(1).map(([, fields]) => parseChange(fields[1] ?? ''));
      return { position: entries.at(-1)?.[0] ?? position, changes };
    },
  };
}

function parseChange(text: string): Change {
  const [first = 0, count = 0] = text.split(' ').map(Number);
  return { first, count };
}
