import { describe, expect, it } from 'vitest';

import { compareTimes, instantOf } from '../../../shared/domain/lab-time.ts';
import { at } from './lab-samples.ts';

describe('a time that is not told to the second', () => {
  it.each([
    ['2026', '2026-01-01T00:00:00Z'],
    ['2026-03', '2026-03-01T00:00:00Z'],
    ['2026-03-09', '2026-03-09T00:00:00Z'],
    ['2026-03-09T10:00:00+01:00', '2026-03-09T09:00:00Z'],
  ])('begins where %s begins', (time, instant) => {
    expect(instantOf(time)).toEqual(at(instant));
  });

  it('comes after one that is not told at all', () => {
    expect(compareTimes(undefined, '2026')).toBeLessThan(0);
    expect(compareTimes('2026', undefined)).toBeGreaterThan(0);
    expect(compareTimes(undefined, undefined)).toBe(0);
  });
});
