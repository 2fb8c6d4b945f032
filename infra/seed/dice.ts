export type Dice = {
  /** A whole number from 0 up to `below`. */
  below(below: number): number;
  /** True so often, of 1. */
  chance(often: number): boolean;
  pick<Item>(items: readonly [Item, ...Item[]]): Item;
};

/** Dice that fall the same way for the same seed: a sample looks alike however many others there are. */
export function createDice(seed: string): Dice {
  let state = hashOf(seed);
  // Mulberry32.
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    chance: (often) => next() < often,
    pick: (items) => items[below(items.length)] ?? items[0],
  };
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}
