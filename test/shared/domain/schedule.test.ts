import { describe, expect, it } from 'vitest';

import { isOpen, openIntervals, type ScheduleException } from '../../../shared/domain/schedule.ts';
import { aSchedule, at, day, everyDay } from './scheduling-samples.ts';

const text = (intervals: readonly { start: Temporal.Instant; end: Temporal.Instant }[]) =>
  intervals.map(({ start, end }) => `${start.toString()}/${end.toString()}`);

function exception(changes: Partial<ScheduleException>): ScheduleException {
  return {
    kind: 'closed',
    firstDay: day('2026-03-02'),
    lastDay: day('2026-03-02'),
    startMinute: null,
    endMinute: null,
    ...changes,
  };
}

describe('working time', () => {
  const monday = day('2026-03-02');

  it('follows the weekday and joins what touches', () => {
    const workingHours = [
      { weekday: 1, startMinute: 840, endMinute: 1020 },
      { weekday: 1, startMinute: 540, endMinute: 660 },
      { weekday: 1, startMinute: 660, endMinute: 720 },
      { weekday: 2, startMinute: 0, endMinute: 1440 },
    ];
    expect(text(openIntervals(aSchedule({ workingHours }), monday))).toEqual([
      '2026-03-02T08:00:00Z/2026-03-02T11:00:00Z',
      '2026-03-02T13:00:00Z/2026-03-02T16:00:00Z',
    ]);
    expect(openIntervals(aSchedule({ workingHours }), day('2026-03-04'))).toEqual([]);
  });

  it('loses the days and the hours that are closed', () => {
    const holiday = aSchedule({ exceptions: [exception({ firstDay: day('2026-02-27') })] });
    expect(openIntervals(holiday, monday)).toEqual([]);
    expect(openIntervals(holiday, day('2026-03-03'))).toHaveLength(1);
    const lunch = aSchedule({ exceptions: [exception({ startMinute: 720, endMinute: 780 })] });
    expect(text(openIntervals(lunch, monday))).toEqual([
      '2026-03-02T08:00:00Z/2026-03-02T11:00:00Z',
      '2026-03-02T12:00:00Z/2026-03-02T16:00:00Z',
    ]);
  });

  it('gains the hours that are open, unless they are closed too, in whatever order they were written', () => {
    const open = exception({ kind: 'open', startMinute: 1020, endMinute: 1080 });
    const closed = exception({ startMinute: 1050, endMinute: 1060 });
    const expected = ['2026-03-02T08:00:00Z/2026-03-02T16:30:00Z', '2026-03-02T16:40:00Z/2026-03-02T17:00:00Z'];
    for (const exceptions of [
      [open, closed],
      [closed, open],
    ]) {
      expect(text(openIntervals(aSchedule({ exceptions }), monday))).toEqual(expected);
    }
  });

  it('is as long as the clock makes it on the days of a change', () => {
    const night = aSchedule({ workingHours: everyDay(60, 240) });
    expect(text(openIntervals(night, day('2026-03-29')))).toEqual(['2026-03-29T00:00:00Z/2026-03-29T02:00:00Z']);
    expect(text(openIntervals(night, day('2026-10-25')))).toEqual(['2026-10-24T23:00:00Z/2026-10-25T03:00:00Z']);
  });

  it('counts a doubled hour twice even where only part of it is worked', () => {
    const night = aSchedule({ workingHours: everyDay(120, 150) });
    expect(text(openIntervals(night, day('2026-10-25')))).toEqual([
      '2026-10-25T00:00:00Z/2026-10-25T00:30:00Z',
      '2026-10-25T01:00:00Z/2026-10-25T01:30:00Z',
    ]);
  });

  it('does not exist on a day that a zone skipped', () => {
    const apia = aSchedule({ timeZone: 'Pacific/Apia', workingHours: everyDay(0, 1440) });
    expect(openIntervals(apia, day('2011-12-30'))).toEqual([]);
    expect(openIntervals(apia, day('2011-12-31'))).toHaveLength(1);
  });

  it('holds a visit only where all of it is open, over midnight too', () => {
    const night = aSchedule({ workingHours: [...everyDay(1320, 1440), ...everyDay(0, 360)] });
    expect(isOpen(night, { start: at('2026-03-02T22:30:00Z'), end: at('2026-03-02T23:30:00Z') })).toBe(true);
    expect(isOpen(night, { start: at('2026-03-03T04:30:00Z'), end: at('2026-03-03T05:00:00Z') })).toBe(true);
    expect(isOpen(night, { start: at('2026-03-03T04:30:00Z'), end: at('2026-03-03T05:01:00Z') })).toBe(false);
    expect(isOpen(aSchedule(), { start: at('2026-03-02T15:30:00Z'), end: at('2026-03-02T16:30:00Z') })).toBe(false);
  });
});
