import { describe, expect, it } from 'vitest';

import { isToldBy, noticeTimes } from '../../../shared/domain/lab-notice.ts';
import { compareTimes, instantOf } from '../../../shared/domain/lab-time.ts';
import { at } from './lab-samples.ts';

function times(...clock: string[]): Temporal.Instant[] {
  return clock.map((time) => at(`2026-03-09T${time}Z`));
}

describe('a panel’s results', () => {
  it('within five minutes are one notice', () => {
    expect(noticeTimes(times('10:00:00', '10:02:00', '10:05:00'))).toEqual(times('10:00:00'));
  });

  it('after more than five minutes are another', () => {
    expect(noticeTimes(times('10:00:00', '10:04:00', '10:05:01', '10:08:00'))).toEqual(times('10:00:00', '10:05:01'));
  });

  it('are the same notices in whatever order they come', () => {
    expect(noticeTimes(times('10:05:01', '10:00:00', '10:04:00'))).toEqual(times('10:00:00', '10:05:01'));
    expect(noticeTimes([])).toEqual([]);
  });

  it('are told of by a notice that overtook them', () => {
    const [notice = at(''), earlier = at('')] = times('10:05:00', '10:01:00');
    expect(isToldBy(notice, earlier)).toBe(true);
  });
});

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
