import { assert, constantFrom, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { avoidQuietHours, quietSpanAt } from '../../../shared/domain/quiet-hours.ts';

const night = { startMinute: 22 * 60, endMinute: 8 * 60, timeZone: 'Europe/Paris' };

function at(text: string): Temporal.Instant {
  return Temporal.Instant.from(text);
}

describe('avoidQuietHours', () => {
  const visit = at('2030-01-20T12:00:00+01:00');

  it.each([
    ['leaves the day alone', '2030-01-15T12:00:00+01:00', '2030-01-15T12:00:00+01:00'],
    ['moves the evening to the next morning', '2030-01-15T23:00:00+01:00', '2030-01-16T08:00:00+01:00'],
    ['moves the small hours to the same morning', '2030-01-15T03:00:00+01:00', '2030-01-15T08:00:00+01:00'],
    ['counts the first minute as quiet', '2030-01-15T22:00:00+01:00', '2030-01-16T08:00:00+01:00'],
    ['counts the last minute as awake', '2030-01-15T08:00:00+01:00', '2030-01-15T08:00:00+01:00'],
  ])('%s', (_, due, expected) => {
    expect(avoidQuietHours(night, at(due), visit)).toEqual(at(expected));
  });

  it('goes to the start of the quiet hours where their end would be too late', () => {
    const early = at('2030-01-16T07:30:00+01:00');
    expect(avoidQuietHours(night, at('2030-01-16T05:30:00+01:00'), early)).toEqual(at('2030-01-15T22:00:00+01:00'));
  });

  it('takes the wall clock of the recipient and not of the server', () => {
    const tokyo = { ...night, timeZone: 'Asia/Tokyo' };
    expect(avoidQuietHours(tokyo, at('2030-01-15T14:00:00Z'), visit)).toEqual(at('2030-01-15T23:00:00Z'));
  });

  it('does nothing where there are no quiet hours, or they are empty', () => {
    const due = at('2030-01-15T23:00:00+01:00');
    expect(avoidQuietHours(undefined, due, visit)).toEqual(due);
    expect(avoidQuietHours({ ...night, endMinute: night.startMinute }, due, visit)).toEqual(due);
  });

  it('keeps to the wall clock through the night the clocks change', () => {
    expect(avoidQuietHours(night, at('2030-03-30T23:30:00+01:00'), at('2030-04-20T12:00:00Z'))).toEqual(
      at('2030-03-31T08:00:00+02:00'),
    );
  });

  it('never answers a time that is quiet, except the very start when there is no other, in any zone', () => {
    const zones = constantFrom('Europe/Paris', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC');
    const minute = integer({ min: 0, max: 1439 });
    const epoch = integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2031, 0, 1) });
    assert(
      property(zones, minute, minute, epoch, integer({ min: 1, max: 20_000 }), (timeZone, start, end, ms, lead) => {
        const quiet = { startMinute: start, endMinute: end, timeZone };
        const due = Temporal.Instant.fromEpochMilliseconds(ms);
        const deadline = due.add({ minutes: lead });
        const moved = avoidQuietHours(quiet, due, deadline);
        const span = quietSpanAt(quiet, moved);
        expect(Temporal.Instant.compare(moved, deadline)).toBeLessThan(0);
        expect(span?.start ?? moved).toEqual(moved);
      }),
      { numRuns: 500 },
    );
  });
});
