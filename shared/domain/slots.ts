import { type DayBits, dayBits, isFree } from './day-bits.ts';
import type { Grid } from './grid.ts';
import { covers, type Interval, overlap } from './interval.ts';
import { openIntervals, type Schedule, type ScheduleException, type WorkingHours } from './schedule.ts';
import {
  dayNumber,
  intervalOf,
  localDate,
  localMidnightMs,
  MINUTE_MS,
  type Span,
  spanOf,
  stretchesAround,
} from './zone.ts';

/**
 * A position of the grid on a day, in real time.
 *
 * A grid has one position, and a day's bits one bit, for each step of the wall clock. Most days that is one slot each. Where
 * the clock goes forward, the positions it skips, wholly or in part, have no slot. Where it goes back, it shows some
 * positions twice: the bit of such a position means the first time, and the second time is a slot without a bit
 * (`index` undefined), which only the cold state knows to be free or not. So no two bits mean the same instant, and no hour
 * that a practitioner works is lost: who lists a day that has slots without bits computes it from the cold state.
 */
export type GridSlot = Interval & { readonly date: Temporal.PlainDate; readonly index: number | undefined };

/** The days that are asked about are few and the same for many practitioners. Clients choose them, so there is a bound. */
const days = new WeakMap<Grid, Map<string, readonly GridSlot[]>>();
const MAX_DAYS = 2_048;

/** A local day's slots in order of time. */
export function slotsOf(grid: Grid, timeZone: string, date: Temporal.PlainDate): readonly GridSlot[] {
  const ofGrid = days.get(grid) ?? new Map<string, readonly GridSlot[]>();
  const key = `${timeZone} ${date.toString()}`;
  const known = ofGrid.get(key);
  if (known) return known;
  if (ofGrid.size >= MAX_DAYS) ofGrid.clear();
  const slots = layOut(grid, timeZone, date);
  days.set(grid, ofGrid.set(key, slots));
  return slots;
}

function layOut(grid: Grid, timeZone: string, date: Temporal.PlainDate): GridSlot[] {
  const stepMs = grid.slotMinutes * MINUTE_MS;
  const firstMs = localMidnightMs(date) + grid.firstSlotMinute * MINUTE_MS;
  const slots: GridSlot[] = [];
  const given = new Set<number>();
  for (const { fromMs, untilMs, offsetMs } of stretchesAround(timeZone, firstMs, firstMs + grid.slotsPerDay * stepMs)) {
    const first = Math.max(0, Math.ceil((fromMs + offsetMs - firstMs) / stepMs));
    const end = Math.min(grid.slotsPerDay, Math.floor((untilMs + offsetMs - firstMs) / stepMs));
    for (let position = first; position < end; position += 1) {
      const startMs = firstMs + position * stepMs - offsetMs;
      const index = given.has(position) ? undefined : position;
      slots.push({ ...intervalOf(startMs, startMs + stepMs), date, index });
      given.add(position);
    }
  }
  return slots;
}

/** The slot that starts at the instant; undefined off the grid. */
function slotStartingAt(grid: Grid, timeZone: string, instant: Temporal.Instant): GridSlot | undefined {
  const ms = instant.epochMilliseconds;
  const slot = slotsOf(grid, timeZone, localDate(timeZone, instant)).find(
    ({ start }) => start.epochMilliseconds === ms,
  );
  return slot?.start.equals(instant) ? slot : undefined;
}

/** The bit of the slot that starts at the instant; undefined off the grid and for a slot without a bit. */
export function indexOf(
  grid: Grid,
  timeZone: string,
  instant: Temporal.Instant,
): { date: Temporal.PlainDate; index: number } | undefined {
  const slot = slotStartingAt(grid, timeZone, instant);
  return slot?.index === undefined ? undefined : { date: slot.date, index: slot.index };
}

/** The slots that a visit of so many minutes takes one after the other; undefined where it leaves the grid. */
export function slotsOfVisit(
  grid: Grid,
  timeZone: string,
  start: Temporal.Instant,
  durationMinutes: number,
): GridSlot[] | undefined {
  const taken: GridSlot[] = [];
  for (let next = start; taken.length < slotsNeeded(grid, durationMinutes);) {
    const slot = slotStartingAt(grid, timeZone, next);
    if (slot === undefined) return undefined;
    taken.push(slot);
    next = slot.end;
  }
  return taken;
}

export function slotsNeeded(grid: Grid, durationMinutes: number): number {
  return Math.ceil(durationMinutes / grid.slotMinutes);
}

/** A day's slots that lie wholly in working time and touch nothing busy. */
export function freeSlots(
  grid: Grid,
  schedule: Schedule,
  date: Temporal.PlainDate,
  busy: readonly Interval[],
): GridSlot[] {
  return freeOf(slotsOf(grid, schedule.timeZone, date), openIntervals(schedule, date), busy);
}

/** Those of a day's slots that lie wholly in the open time, a union, and touch nothing busy. */
export function freeOf(slots: readonly GridSlot[], open: readonly Interval[], busy: readonly Interval[]): GridSlot[] {
  const [first, last] = [slots.at(0), slots.at(-1)];
  if (first === undefined || last === undefined) return [];
  const near = busy.filter((taken) => overlap(taken, { start: first.start, end: last.end }));
  return slots.filter((slot) => covers(open, slot) && !near.some((taken) => overlap(slot, taken)));
}

/** The bits of a day's free slots. */
export function bitsOf(grid: Grid, free: readonly GridSlot[]): DayBits {
  return dayBits(
    grid,
    free.flatMap(({ index }) => (index === undefined ? [] : [index])),
  );
}

/** A local day before anything is booked and where nothing departs from the hours. */
type OpenDay = Span & {
  readonly date: Temporal.PlainDate;
  readonly dayNumber: number;
  /** Those of the free slots that have a bit. */
  readonly slots: readonly (Span & { readonly index: number })[];
  readonly bits: DayBits;
};

/** Windows begin today, and most practitioners work the same hours as others: so a window is worked out once for all of them. */
const windows = new WeakMap<readonly WorkingHours[], Map<string, readonly OpenDay[]>>();
const MAX_WINDOWS = 16;

/** The bits of each of so many local days' free slots. */
export function windowBits(
  grid: Grid,
  schedule: Schedule,
  busy: readonly Span[],
  { start, days }: { readonly start: Temporal.PlainDate; readonly days: number },
): DayBits[] {
  const excepted = daysOf(schedule.exceptions);
  return openDays(grid, schedule, start, days).map((day) => {
    if (excepted.some(({ first, last }) => first <= day.dayNumber && day.dayNumber <= last))
      return bitsOf(grid, freeSlots(grid, schedule, day.date, busy.map(intervalOfSpan)));
    const near = busy.filter((span) => meet(day, span));
    return near.length === 0 ? day.bits : dayBits(grid, indexesOf(day.slots.filter((slot) => isClear(slot, near))));
  });
}

function openDays(grid: Grid, schedule: Schedule, start: Temporal.PlainDate, days: number): readonly OpenDay[] {
  const { timeZone, workingHours } = schedule;
  const ofHours = windows.get(workingHours) ?? new Map<string, readonly OpenDay[]>();
  const { firstSlotMinute, slotMinutes, slotsPerDay } = grid;
  const key = `${timeZone} ${start.toString()}/${days} ${firstSlotMinute}+${slotsPerDay}x${slotMinutes}`;
  const known = ofHours.get(key);
  if (known) return known;
  if (ofHours.size >= MAX_WINDOWS) ofHours.clear();
  const weekly = { timeZone, workingHours, exceptions: [] };
  const open = Array.from({ length: days }, (_, ahead) => openDay(grid, weekly, start.add({ days: ahead })));
  windows.set(workingHours, ofHours.set(key, open));
  return open;
}

function openDay(grid: Grid, weekly: Schedule, date: Temporal.PlainDate): OpenDay {
  const free = freeSlots(grid, weekly, date, []);
  const slots = free.flatMap((slot) => (slot.index === undefined ? [] : [{ ...spanOf(slot), index: slot.index }]));
  return {
    date,
    dayNumber: dayNumber(date),
    slots,
    bits: bitsOf(grid, free),
    startMs: slots.at(0)?.startMs ?? 0,
    endMs: slots.at(-1)?.endMs ?? 0,
  };
}

function daysOf(exceptions: readonly ScheduleException[]): { first: number; last: number }[] {
  return exceptions.map(({ firstDay, lastDay }) => ({ first: dayNumber(firstDay), last: dayNumber(lastDay) }));
}

function intervalOfSpan({ startMs, endMs }: Span): Interval {
  return intervalOf(startMs, endMs);
}

function meet(one: Span, other: Span): boolean {
  return one.startMs < other.endMs && other.startMs < one.endMs;
}

function isClear(slot: Span, taken: readonly Span[]): boolean {
  return !taken.some((span) => meet(slot, span));
}

function indexesOf(slots: readonly { readonly index: number }[]): number[] {
  return slots.map(({ index }) => index);
}

/** Those of a day's slots that its bits say are free; undefined on a day that has slots without a bit. */
export function freeByBits(slots: readonly GridSlot[], bits: DayBits): GridSlot[] | undefined {
  if (slots.some(({ index }) => index === undefined)) return undefined;
  return slots.filter(({ index }) => index !== undefined && isFree(bits, index));
}

/** How many slots follow one another without a gap from each on, itself the first of them. `slots` are in order of time. */
export function runLengths(slots: readonly GridSlot[]): number[] {
  const lengths = slots.map(() => 1);
  for (let place = slots.length - 2; place >= 0; place -= 1) {
    const isGap = slots[place]?.end.epochMilliseconds !== slots[place + 1]?.start.epochMilliseconds;
    if (!isGap) lengths[place] = 1 + (lengths[place + 1] ?? 0);
  }
  return lengths;
}
