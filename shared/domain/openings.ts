import type { Grid } from './grid.ts';
import type { Interval } from './interval.ts';
import type { Schedule } from './schedule.ts';
import { freeSlots, type GridSlot, runsOf, slotsNeeded } from './slots.ts';
import { bookableSpan, type VisitType } from './visit-type.ts';
import { localDate, MINUTE_MS } from './zone.ts';

/** A booking as it occupies its practitioner. */
export type BusySlot = {
  readonly visitTypeId: string;
  readonly slotStart: Temporal.Instant;
  readonly busyStart: Temporal.Instant;
  readonly busyEnd: Temporal.Instant;
};

/** What a visit takes of a calendar, whatever it is. */
export type VisitRules = Omit<VisitType, 'id' | 'practitionerId' | 'specialty' | 'cancelCutOffMinutes'> & {
  /** Absent where no particular visit type is meant. */
  readonly id?: string;
};

/** A visit that can be booked, and the local day it starts on. */
export type Opening = Interval & { readonly date: Temporal.PlainDate };

export function busyTime({ busyStart, busyEnd }: BusySlot): Interval {
  return { start: busyStart, end: busyEnd };
}

/** Whether free slots alone tell where a visit fits: it needs nothing around it and there is no limit to count up to. */
export function fitsAnyFreeSlot({ bufferBeforeMinutes, bufferAfterMinutes, dailyCap }: VisitRules): boolean {
  return bufferBeforeMinutes === 0 && bufferAfterMinutes === 0 && dailyCap === null;
}

/**
 * What is shown where no visit type is asked for: single slots, within the strictest notice and horizon of those the
 * practitioner offers, so that none of them is refused for its time.
 */
export function anyVisit(grid: Grid, offered: readonly VisitType[]): VisitRules {
  return {
    durationMinutes: grid.slotMinutes,
    bufferBeforeMinutes: 0,
    bufferAfterMinutes: 0,
    minimumNoticeMinutes: Math.max(0, ...offered.map(({ minimumNoticeMinutes }) => minimumNoticeMinutes)),
    horizonDays: Math.min(MAX_HORIZON_DAYS, ...offered.map(({ horizonDays }) => horizonDays)),
    dailyCap: null,
  };
}

const MAX_HORIZON_DAYS = 366;

/** A practitioner's time. `taken` may lack what is far from the days asked about. */
export type Calendar = {
  readonly grid: Grid;
  readonly schedule: Schedule;
  readonly now: Temporal.Instant;
  readonly taken: readonly BusySlot[];
};

/**
 * Where a visit can start among free slots, given in order of time: exactly the starts that `planBooking` accepts.
 * `taken` may stay empty where `fitsAnyFreeSlot`.
 */
export function openings(
  free: readonly GridSlot[],
  visit: VisitRules,
  { grid, schedule: { timeZone }, now, taken }: Calendar,
): Opening[] {
  const isBookable = within(bookableSpan(visit, timeZone, now));
  const isClear = clearOf(visit, taken);
  const full = fullDays(visit, timeZone, taken);
  return runsOf(free, slotsNeeded(grid, visit.durationMinutes)).flatMap(([first]) => {
    if (first === undefined || !isBookable(first.start) || !isClear(first.start)) return [];
    if (full.size > 0 && full.has(first.date.toString())) return [];
    return [{ start: first.start, end: endOf(visit, first), date: first.date }];
  });
}

function endOf({ durationMinutes }: VisitRules, { start, end }: GridSlot): Temporal.Instant {
  const endMs = start.epochMilliseconds + durationMinutes * MINUTE_MS;
  return end.epochMilliseconds === endMs ? end : Temporal.Instant.fromEpochMilliseconds(endMs);
}

/** Where a visit can start on `days` local days from `first` on. `taken` has to reach a day and the buffers further. */
export function openingsOfDays(
  visit: VisitRules,
  calendar: Calendar,
  first: Temporal.PlainDate,
  days: number,
): Opening[] {
  const busy = calendar.taken.map(busyTime);
  const dates = Array.from({ length: days + 1 }, (_, count) => first.add({ days: count }));
  const free = dates.flatMap((date) => freeSlots(calendar.grid, calendar.schedule, date, busy));
  // The day after is only there for what begins before midnight and ends after it.
  const end = first.add({ days });
  return openings(free, visit, calendar).filter(({ date }) => !date.equals(end));
}

/** The first `count` starts within a span. */
export function nextOpenings(visit: VisitRules, calendar: Calendar, span: Interval, count: number): Opening[] {
  const { timeZone } = calendar.schedule;
  const last = localDate(timeZone, span.end);
  const isWithin = within(span);
  const found: Opening[] = [];
  let date = localDate(timeZone, span.start);
  for (; found.length < count && Temporal.PlainDate.compare(date, last) <= 0; date = date.add({ days: 1 })) {
    found.push(...openingsOfDays(visit, calendar, date, 1).filter(({ start }) => isWithin(start)));
  }
  return found.slice(0, count);
}

/** The local days on which the practitioner has as many visits of the type as they take. */
export function fullDays(
  { id, dailyCap }: Pick<VisitRules, 'id' | 'dailyCap'>,
  timeZone: string,
  taken: readonly BusySlot[],
): Set<string> {
  const counts = new Map<string, number>();
  for (const { visitTypeId, slotStart } of dailyCap === null ? [] : taken) {
    const day = localDate(timeZone, slotStart).toString();
    if (visitTypeId === id) counts.set(day, (counts.get(day) ?? 0) + 1);
  }
  return new Set([...counts].filter(([, count]) => dailyCap !== null && count >= dailyCap).map(([day]) => day));
}

/** Whether a visit's time with its buffers meets nothing that is taken. */
function clearOf(visit: VisitRules, taken: readonly BusySlot[]): (start: Temporal.Instant) => boolean {
  if (taken.length === 0) return () => true;
  const spans = taken.map(
    ({ busyStart, busyEnd }) => [busyStart.epochMilliseconds, busyEnd.epochMilliseconds] as const,
  );
  const beforeMs = visit.bufferBeforeMinutes * MINUTE_MS;
  const afterMs = (visit.durationMinutes + visit.bufferAfterMinutes) * MINUTE_MS;
  return (start) => {
    const [startMs, endMs] = [start.epochMilliseconds - beforeMs, start.epochMilliseconds + afterMs];
    return spans.every(([takenMs, freeMs]) => endMs <= takenMs || freeMs <= startMs);
  };
}

function within({ start, end }: Interval): (instant: Temporal.Instant) => boolean {
  const [startMs, endMs] = [start.epochMilliseconds, end.epochMilliseconds];
  return ({ epochMilliseconds: ms }) => startMs <= ms && ms < endMs;
}
