import type { Redis } from 'ioredis';

import type { Layout } from './availability-layout.ts';

/** An entry in the stream of changes. Its text tells it from one that has its id in a stream that came after a loss. */
export type Position = { readonly id: string; readonly text: string };

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

/** The text of a change, unlike that of any other. */
export function changeText({ first, count }: Change): string {
  return `${first} ${count} ${Math.random()}`;
}

export function createChanges(redis: Redis, layout: Layout): Changes {
  const key = changesKey(layout);
  return {
    async newest() {
      const [entry] = await redis.xrevrange(key, '+', '-', 'COUNT', 1);
      return entry && positionOf(entry);
    },
    async since(position) {
      // From the end, which is where they are.
      const entries = await redis.xrevrange(key, '+', position.id, 'COUNT', MAX_BEHIND);
      const seen = entries.pop();
      // What was seen last is still there, or the stream was cut off or lost in between.
      if (seen === undefined || !isSame(seen, position)) return undefined;
      const [newest] = entries;
      return { position: newest ? positionOf(newest) : position, changes: entries.map(changeOf) };
    },
  };
}

type Entry = [id: string, fields: string[]];

function positionOf([id, [, text = '']]: Entry): Position {
  return { id, text };
}

function isSame([id, [, text]]: Entry, position: Position): boolean {
  return id === position.id && text === position.text;
}

function changeOf(entry: Entry): Change {
  const [first = 0, count = 0] = positionOf(entry).text.split(' ').map(Number);
  return { first, count };
}
