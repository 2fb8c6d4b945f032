import type { Layout } from './availability-layout.ts';
import { hasFreeSlot, windowStartOf, type WantedDays } from './availability-row.ts';

/** Which days of whom have a free slot: what rows say, as a copy in the process with one bit for each day of a window. */
export type FreeDays = {
  keep(ordinal: number, rows: Buffer, at: number, latest: number): void;
  drop(first: number, count: number): void;
  clear(): void;
  look(ordinals: readonly number[], wanted: WantedDays): Seen;
};

/** Of those asked for, who has a free slot, of whom it cannot be said, and of whom there is no copy. */
export type Seen = { readonly free: number[]; readonly unknown: number[]; readonly missing: number[] };

const ABSENT = 0;
/** That nothing is known is kept, too; as the start of a window it would be in 2149. */
const UNKNOWN = 0xffff;
const WORD_BITS = 16;

/** For each ordinal the start of the window and then its days, side by side: at random places, memory is what takes the time. */
export function createFreeDays(layout: Layout): FreeDays {
  const size = 1 + Math.ceil(layout.days / WORD_BITS);
  let words = new Uint16Array(0);

  function makeRoom(ordinal: number): void {
    if ((ordinal + 1) * size <= words.length) return;
    const larger = new Uint16Array(Math.max((ordinal + 1) * size, words.length * 2));
    larger.set(words);
    words = larger;
  }

  return {
    keep(ordinal, rows, at, latest) {
      makeRoom(ordinal);
      const start = ordinal * size;
      words.fill(0, start, start + size);
      words[start] = windowStartOf(rows[at] ?? 0, latest) ?? UNKNOWN;
      for (let day = 0; day < layout.days; day += 1)
        if (hasFreeSlot(layout, rows, at, day)) setBit(words, start + 1, day);
    },
    drop(first, count) {
      for (let start = first * size; start < (first + count) * size; start += size) words[start] = ABSENT;
    },
    clear() {
      words = new Uint16Array(0);
    },
    look(ordinals, wanted) {
      const seen: Seen = { free: [], unknown: [], missing: [] };
      // Nearly all windows begin on the same day.
      let part = partOf(layout, UNKNOWN, wanted);
      for (const ordinal of ordinals) {
        const at = ordinal * size;
        const start = words[at] ?? ABSENT;
        if (start !== part.start) part = partOf(layout, start, wanted);
        if (start === ABSENT) seen.missing.push(ordinal);
        else if (hasAnyBit(words, at + part.word, part.masks)) seen.free.push(ordinal);
        else if (!part.isWhole) seen.unknown.push(ordinal);
      }
      return seen;
    },
  };
}

/** Where the wanted days are in a copy whose window begins on `start`. */
type Part = {
  readonly start: number;
  /** The first word that has any of them, and their bits in it and in those after it. */
  readonly word: number;
  readonly masks: readonly number[];
  /** Whether the window has all of them. */
  readonly isWhole: boolean;
};

function partOf(layout: Layout, start: number, { from, days }: WantedDays): Part {
  const ahead = start === UNKNOWN ? layout.days : from - start;
  const first = Math.max(ahead, 0);
  const end = Math.min(ahead + days, layout.days);
  const word = first >> 4;
  const masks: number[] = [];
  for (let bit = first; bit < end; bit += 1) {
    const place = (bit >> 4) - word;
    masks[place] = (masks[place] ?? 0) | (1 << (bit & 15));
  }
  return { start, word: 1 + word, masks, isWhole: end - first >= days };
}

function setBit(words: Uint16Array, from: number, bit: number): void {
  const word = from + (bit >> 4);
  words[word] = (words[word] ?? 0) | (1 << (bit & 15));
}

function hasAnyBit(words: Uint16Array, from: number, masks: readonly number[]): boolean {
  for (let place = 0; place < masks.length; place += 1)
    if (((words[from + place] ?? 0) & (masks[place] ?? 0)) !== 0) return true;
  return false;
}
