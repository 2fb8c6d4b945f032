import type { Grid } from './grid.ts';
import type { Interval } from './interval.ts';
import type { Schedule } from './schedule.ts';
import { freeSlots, type GridSlot, runLengths, slotsNeeded } from './slots.ts';
import { bookableSpan, type VisitType } from './visit-type.ts';
import { localDate, MINUTE_MS } from './zone.ts';

/** A booking as it occupies its practitioner. */
export type BusySlot = {
  readonly visitTypeId: string;
  readonly slotStart: Temporal.Instant;
  readonly busyStart: Temporal.Instant;
  readonly busyEnd: Temporal.Instant;
};

/** What a visit takes of a calendar. */
export type VisitRules = Omit<VisitType, 'practitionerId' | 'specialty' | 'cancelCutOffMinutes'>;

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
 * The visits without those that can start nowhere where another cannot: a shorter one that fits any free slot, at no longer
 * notice and up to no nearer a horizon.
 */
export function decisiveVisits(visits: readonly VisitRules[]): VisitRules[] {
  const shortestFirst = visits.toSorted((one, other) => one.durationMinutes - other.durationMinutes);
  const decisive: VisitRules[] = [];
  for (const visit of shortestFirst)
    if (!decisive.some((other) => canStartWherever(other, visit))) decisive.push(visit);
  return decisive;
}

function canStartWherever(shorter: VisitRules, { minimumNoticeMinutes, horizonDays }: VisitRules): boolean {
  const isNoLater = shorter.minimumNoticeMinutes <= minimumNoticeMinutes && shorter.horizonDays >= horizonDays;
  return fitsAnyFreeSlot(shorter) && isNoLater;
}

/** Local days after today on which one of the visits can still be booked; of none, not even today. */
export function farthestHorizon(visits: readonly VisitRules[]): number {
  return Math.max(-1, ...visits.map(({ horizonDays }) => horizonDays));
}

/** A practitioner's time. `taken` may lack what is far from the days asked about. */
export type Calendar = {
  readonly grid: Grid;
  readonly schedule: Schedule;
  readonly now: Temporal.Instant;
  readonly taken: readonly BusySlot[];
};

/**
 * Where one of the visits can start among free slots, given in order of time: exactly the starts that `planBooking` accepts
 * for it, each once and as long as the shortest visit that can start there. `taken` may stay empty where all `fitsAnyFreeSlot`.
 */
export function openings(free: readonly GridSlot[], visits: readonly VisitRules[], calendar: Calendar): Opening[] {
  const shortestFirst = visits.toSorted((one, other) => one.durationMinutes - other.durationMinutes);
  const checked = shortestFirst.map((visit) => ({ visit, canStart: startsOf(visit, calendar) }));
  const following = runLengths(free);
  return free.flatMap((slot, place) => {
    const visit = checked.find(({ canStart }) => canStart(slot, following[place] ?? 0))?.visit;
    return visit === undefined ? [] : [{ start: slot.start, end: endOf(visit, slot), date: slot.date }];
  });
}

/** Whether a visit can start with a slot that so many free ones follow without a gap, itself the first of them. */
function startsOf(
  visit: VisitRules,
  { grid, schedule: { timeZone }, now, taken }: Calendar,
): (slot: GridSlot, free: number) => boolean {
  const needed = slotsNeeded(grid, visit.durationMinutes);
  const isBookable = within(bookableSpan(visit, timeZone, now));
  const isClear = clearOf(visit, fitsAnyFreeSlot(visit) ? [] : taken);
  const full = fullDays(visit, timeZone, taken);
  return ({ start, date }, free) =>
    free >= needed && isBookable(start) && isClear(start) && !(full.size > 0 && full.has(date.toString()));
}

function endOf({ durationMinutes }: VisitRules, { start, end }: GridSlot): Temporal.Instant {
  const endMs = start.epochMilliseconds + durationMinutes * MINUTE_MS;
  return end.epochMilliseconds === endMs ? end : Temporal.Instant.fromEpochMilliseconds(endMs);
}

/** `openings` on `days` local days from `first` on. `taken` has to reach a day and the buffers further. */
export function openingsOfDays(
  visits: readonly VisitRules[],
  calendar: Calendar,
  first: Temporal.PlainDate,
  days: number,
): Opening[] {
  const busy = calendar.taken.map(busyTime);
  const dates = Array.from({ length: days + 1 }, (_, count) => first.add({ days: count }));
  const free = dates.flatMap((date) => freeSlots(calendar.grid, calendar.schedule, date, busy));
  // The day after is only there for what begins before midnight and ends after it.
  const end = first.add({ days });
  return openings(free, visits, calendar).filter(({ date }) => !date.equals(end));
}

/** The first `count` starts within a span. */
export function nextOpenings(
  visits: readonly VisitRules[],
  calendar: Calendar,
  span: Interval,
  count: number,
): Opening[] {
  const { timeZone } = calendar.schedule;
  const last = localDate(timeZone, span.end);
  const isWithin = within(span);
  const found: Opening[] = [];
  let date = localDate(timeZone, span.start);
  for (; found.length < count && Temporal.PlainDate.compare(date, last) <= 0; date = date.add({ days: 1 })) {
    found.push(...openingsOfDays(visits, calendar, date, 1).filter(({ start }) => isWithin(start)));
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
