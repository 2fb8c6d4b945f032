/** A country's steps of the day: slot `i` begins at `firstSlotMinute + i * slotMinutes` after local midnight. */
export type Grid = {
  readonly firstSlotMinute: number;
  readonly slotMinutes: number;
  readonly slotsPerDay: number;
};

/** 24 slots of half an hour from 08:00. */
export const defaultGrid: Grid = { firstSlotMinute: 480, slotMinutes: 30, slotsPerDay: 24 };

const MINUTES_PER_DAY = 1_440;
const MAX_SLOTS_PER_DAY = 96;

/** Says why there can be no such grid; undefined where there can. */
export function gridFault({ firstSlotMinute, slotMinutes, slotsPerDay }: Grid): string | undefined {
  if (!isCount(slotMinutes, 1)) return 'slotMinutes is a whole number above 0';
  if (!isCount(firstSlotMinute, 0)) return 'firstSlotMinute is a whole number, 0 or more';
  if (!isCount(slotsPerDay, 1) || slotsPerDay > MAX_SLOTS_PER_DAY) return 'slotsPerDay is a whole number from 1 to 96';
  if (firstSlotMinute + slotsPerDay * slotMinutes > MINUTES_PER_DAY) return 'the last slot ends by midnight';
  return undefined;
}

function isCount(value: number, min: number): boolean {
  return Number.isSafeInteger(value) && value >= min;
}
