import type { Grid } from './grid.ts';

/**
 * Which slots of a day are free, one bit each, 1 = free. Slot 0 is the highest bit of the first byte, as Redis counts bits;
 * what is left of the last byte is 0.
 */
export type DayBits = Uint8Array;

/** Bytes of one day: a day never shares a byte with the next. */
export function dayBytes({ slotsPerDay }: Pick<Grid, 'slotsPerDay'>): number {
  return Math.ceil(slotsPerDay / 8);
}

/** Throws RangeError for a slot that the grid does not have. */
export function dayBits(grid: Pick<Grid, 'slotsPerDay'>, freeSlots: Iterable<number>): DayBits {
  const bits = new Uint8Array(dayBytes(grid));
  for (const slot of freeSlots) {
    if (!Number.isInteger(slot) || slot < 0 || slot >= grid.slotsPerDay) throw new RangeError(`no slot ${slot}`);
    bits[slot >> 3] = (bits[slot >> 3] ?? 0) | (0x80 >> (slot & 7));
  }
  return bits;
}

/** Whether `bits` is a day of the grid: its length, and nothing beyond its last slot. */
export function isDayOf({ slotsPerDay }: Pick<Grid, 'slotsPerDay'>, bits: DayBits): boolean {
  if (bits.length !== dayBytes({ slotsPerDay })) return false;
  const spare = bits.length * 8 - slotsPerDay;
  return ((bits.at(-1) ?? 0) & ((1 << spare) - 1)) === 0;
}

/** False for a slot beyond the day. */
export function isFree(bits: DayBits, slot: number): boolean {
  return ((bits[slot >> 3] ?? 0) & (0x80 >> (slot & 7))) !== 0;
}

/** Whether `count` slots from `first` are all free. */
export function isFreeRun(bits: DayBits, first: number, count: number): boolean {
  for (let slot = first; slot < first + count; slot += 1) if (!isFree(bits, slot)) return false;
  return true;
}

/** The first slot from which `count` slots are free. */
export function firstFreeRun(bits: DayBits, count: number): number | undefined {
  let run = 0;
  for (let slot = 0; slot < bits.length * 8; slot += 1) {
    run = isFree(bits, slot) ? run + 1 : 0;
    if (run === count) return slot - count + 1;
  }
  return undefined;
}
