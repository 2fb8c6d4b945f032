import { describe, expect, it } from 'vitest';

import { defaultGrid, gridFault } from '../../../shared/domain/grid.ts';

describe('gridFault', () => {
  it('finds nothing wrong with the default or with a whole day of quarter hours', () => {
    expect(gridFault(defaultGrid)).toBeUndefined();
    expect(gridFault({ firstSlotMinute: 0, slotMinutes: 15, slotsPerDay: 96 })).toBeUndefined();
  });

  it.each([
    [{ firstSlotMinute: -30 }, 'firstSlotMinute'],
    [{ firstSlotMinute: 0.5 }, 'firstSlotMinute'],
    [{ slotMinutes: 0 }, 'slotMinutes'],
    [{ slotMinutes: Number.NaN }, 'slotMinutes'],
    [{ slotsPerDay: 0 }, 'slotsPerDay'],
    [{ slotMinutes: 5, slotsPerDay: 97 }, 'slotsPerDay'],
    [{ slotsPerDay: 33 }, 'midnight'],
    [{ firstSlotMinute: 1_440 }, 'midnight'],
  ])('says what is wrong with %o', (changes, told) => {
    expect(gridFault({ ...defaultGrid, ...changes })).toContain(told);
  });
});
