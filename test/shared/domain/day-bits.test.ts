import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { dayBits, dayBytes, firstFreeRun, isDayOf, isFree, isFreeRun } from '../../../shared/domain/day-bits.ts';
import { freeSlotsOf, hasFreeSlot } from '../../support/day-bits.ts';

const days = fc
  .integer({ min: 1, max: 96 })
  .chain((slotsPerDay) =>
    fc.tuple(fc.constant({ slotsPerDay }), fc.uniqueArray(fc.integer({ min: 0, max: slotsPerDay - 1 }))),
  );

describe('day bits', () => {
  it('lie as Redis counts bits', () => {
    expect([...dayBits({ slotsPerDay: 20 }, [0, 9, 19])]).toEqual([0b1000_0000, 0b0100_0000, 0b0001_0000]);
  });

  it.each([
    [1, 1],
    [8, 1],
    [9, 2],
    [24, 3],
    [96, 12],
  ])('of %i slots take %i bytes', (slotsPerDay, bytes) => {
    expect(dayBytes({ slotsPerDay })).toBe(bytes);
  });

  it('give back the slots they were made of', () => {
    fc.assert(
      fc.property(days, ([grid, slots]) => {
        const bits = dayBits(grid, slots);
        const inOrder = slots.toSorted((one, other) => one - other);
        expect(freeSlotsOf(bits)).toEqual(inOrder);
        expect(isDayOf(grid, bits)).toBe(true);
        expect(hasFreeSlot(bits)).toBe(slots.length > 0);
        for (let slot = 0; slot < 100; slot += 1) expect(isFree(bits, slot)).toBe(slots.includes(slot));
      }),
    );
  });

  it('find the first run that is long enough', () => {
    fc.assert(
      fc.property(days, fc.integer({ min: 1, max: 8 }), ([grid, slots], count) => {
        const bits = dayBits(grid, slots);
        const fits = (first: number) =>
          Array.from({ length: count }, (_, index) => first + index).every((slot) => slots.includes(slot));
        const starts = Array.from({ length: grid.slotsPerDay }, (_, slot) => slot);
        expect(firstFreeRun(bits, count)).toBe(starts.find(fits));
        for (const start of starts) expect(isFreeRun(bits, start, count)).toBe(fits(start));
      }),
    );
  });

  it.each([-1, 24, 0.5, Number.NaN])('have no slot %d', (slot) => {
    expect(() => dayBits({ slotsPerDay: 24 }, [slot])).toThrow(RangeError);
  });

  it('are no day of a grid of another length, or with bits after its last slot', () => {
    expect(isDayOf({ slotsPerDay: 24 }, new Uint8Array(4))).toBe(false);
    expect(isDayOf({ slotsPerDay: 20 }, Uint8Array.of(0, 0, 0b0001_0000))).toBe(true);
    expect(isDayOf({ slotsPerDay: 20 }, Uint8Array.of(0, 0, 0b0000_1000))).toBe(false);
  });
});
