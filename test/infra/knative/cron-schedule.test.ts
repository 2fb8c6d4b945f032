import { describe, expect, it } from 'vitest';
import { nextTick, parseSchedule } from '../../../infra/local/knative/cron-schedule.ts';

const next = (schedule: string, after: string, zone = 'UTC') =>
  nextTick(parseSchedule(schedule), zone, Temporal.Instant.from(after)).toString();

describe('the next tick', () => {
  it.each([
    ['* * * * *', '2026-03-02T08:00:00Z', '2026-03-02T08:01:00Z'],
    ['* * * * *', '2026-03-02T08:00:59.999Z', '2026-03-02T08:01:00Z'],
    ['*/15 * * * *', '2026-03-02T08:46:00Z', '2026-03-02T09:00:00Z'],
    ['5/20 * * * *', '2026-03-02T08:26:00Z', '2026-03-02T08:45:00Z'],
    ['30 9-17/4 * * *', '2026-03-02T09:30:00Z', '2026-03-02T13:30:00Z'],
    ['0 0 * * mon,WED', '2026-03-02T00:00:00Z', '2026-03-04T00:00:00Z'],
    ['0 0 31 * *', '2026-04-01T00:00:00Z', '2026-05-31T00:00:00Z'],
    ['0 0 29 feb *', '2026-03-02T00:00:00Z', '2028-02-29T00:00:00Z'],
    ['0 0 1 1 ?', '2026-03-02T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['@hourly', '2026-03-02T08:00:00Z', '2026-03-02T09:00:00Z'],
    ['@weekly', '2026-03-02T08:00:00Z', '2026-03-08T00:00:00Z'],
  ])('of %s after %s is %s', (schedule, after, expected) => {
    expect(next(schedule, after)).toBe(expected);
  });

  it('is on either day where both kinds of day are restricted', () => {
    expect(next('0 0 13 * fri', '2026-03-02T00:00:00Z')).toBe('2026-03-06T00:00:00Z');
    expect(next('0 0 13 * fri', '2026-04-11T00:00:00Z')).toBe('2026-04-13T00:00:00Z');
  });

  it('goes by the clocks of its zone', () => {
    expect(next('0 8 * * *', '2026-03-28T12:00:00Z', 'Europe/Paris')).toBe('2026-03-29T06:00:00Z');
    expect(next('0 8 * * *', '2026-03-27T12:00:00Z', 'Europe/Paris')).toBe('2026-03-28T07:00:00Z');
  });

  it('leaves out an hour that the clocks leave out', () => {
    expect(next('30 2 * * *', '2026-03-28T12:00:00Z', 'Europe/Paris')).toBe('2026-03-30T00:30:00Z');
  });

  it('is refused for a schedule that never fires', () => {
    expect(() => next('0 0 30 2 *', '2026-03-02T00:00:00Z')).toThrow('never fires');
  });
});

describe('a schedule', () => {
  it.each([
    '',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '* * * * 7',
    '@every 1m',
  ])('"%s" is refused', (schedule) => expect(() => parseSchedule(schedule)).toThrow('not a'));

  it.each(['5-1 * * * *', '*/0 * * * *', 'a * * * *', '1,,2 * * * *', '*-5 * * * *', '-1 * * * *'])(
    '"%s" is refused',
    (schedule) => expect(() => parseSchedule(schedule)).toThrow('not a field'),
  );
});
