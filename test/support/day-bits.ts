import { type DayBits, isFree } from '../../shared/domain/day-bits.ts';

export function hasFreeSlot(bits: DayBits): boolean {
  return bits.some((byte) => byte !== 0);
}

export function freeSlotsOf(bits: DayBits): number[] {
  return Array.from({ length: bits.length * 8 }, (_, slot) => slot).filter((slot) => isFree(bits, slot));
}
