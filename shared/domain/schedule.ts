import { covers, type Interval, subtract, union } from './interval.ts';
import { localDate, whenClockShows } from './zone.ts';

/** Weekly, by the wall clock. `weekday` is ISO 8601's, 1 is Monday; minutes count from local midnight, at most 1440. */
export type WorkingHours = { readonly weekday: number; readonly startMinute: number; readonly endMinute: number };

/**
 * A dated departure from the working hours, from `firstDay` to `lastDay`, both included: `open` adds its minutes of
 * each day, `closed` takes its minutes away, or the whole day where they are null.
 */
export type ScheduleException = {
  readonly kind: 'closed' | 'open';
  readonly firstDay: Temporal.PlainDate;
  readonly lastDay: Temporal.PlainDate;
  readonly startMinute: number | null;
  readonly endMinute: number | null;
};

/** When a practitioner works, in their IANA time zone. */
export type Schedule = {
  readonly timeZone: string;
  readonly workingHours: readonly WorkingHours[];
  readonly exceptions: readonly ScheduleException[];
};

type Minutes = { readonly startMinute: number | null; readonly endMinute: number | null };

/**
 * The working time of a local day. An instant belongs to it when the clock on the wall then shows a working minute: on the
 * day a clock goes back the doubled hour is worked twice, on the day it goes forward the missing one is not.
 * `closed` wins over `open`, as EXDATE wins over RDATE (RFC 5545, 3.8.5.1).
 */
export function openIntervals(schedule: Schedule, date: Temporal.PlainDate): Interval[] {
  const ofDay = schedule.exceptions.filter((exception) => appliesTo(exception, date));
  if (ofDay.some(closesWholeDay)) return [];
  const hours = schedule.workingHours.filter(({ weekday }) => weekday === date.dayOfWeek);
  const times = (minutes: readonly Minutes[]) => minutes.flatMap((span) => realTime(schedule.timeZone, date, span));
  return subtract(
    times([...hours, ...ofDay.filter(({ kind }) => kind === 'open')]),
    times(ofDay.filter(({ kind }) => kind === 'closed')),
  );
}

/** Whether all of `wanted` is working time; a night shift may go on past midnight. */
export function isOpen(schedule: Schedule, wanted: Interval): boolean {
  const last = localDate(schedule.timeZone, wanted.end);
  const open: Interval[] = [];
  for (let date = localDate(schedule.timeZone, wanted.start); !isAfter(date, last); date = date.add({ days: 1 })) {
    open.push(...openIntervals(schedule, date));
  }
  return covers(union(open), wanted);
}

function appliesTo({ firstDay, lastDay }: ScheduleException, date: Temporal.PlainDate): boolean {
  return !isAfter(firstDay, date) && !isAfter(date, lastDay);
}

function closesWholeDay({ kind, startMinute, endMinute }: ScheduleException): boolean {
  return kind === 'closed' && startMinute === null && endMinute === null;
}

function realTime(timeZone: string, date: Temporal.PlainDate, { startMinute, endMinute }: Minutes): Interval[] {
  return whenClockShows(timeZone, date, startMinute ?? 0, endMinute ?? 1440);
}

function isAfter(one: Temporal.PlainDate, other: Temporal.PlainDate): boolean {
  return Temporal.PlainDate.compare(one, other) > 0;
}
