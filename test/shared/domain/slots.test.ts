import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Grid } from '../../../shared/domain/grid.ts';
import {
  bitsOf,
  freeByBits,
  freeSlots,
  indexOf,
  slotsOf,
  slotsOfVisit,
  windowBits,
} from '../../../shared/domain/slots.ts';
import { spanOf } from '../../../shared/domain/zone.ts';
import { freeSlotsOf } from '../../support/day-bits.ts';
import { aSchedule, at, day, everyDay, halfHours, quarterHours } from './scheduling-samples.ts';

const hours: Grid = { firstSlotMinute: 0, slotMinutes: 60, slotsPerDay: 24 };
const starts = (slots: readonly { start: Temporal.Instant }[]) => slots.map(({ start }) => start.toString());

describe('slots of a day', () => {
  it('are a step of the wall clock each on an ordinary day', () => {
    const slots = slotsOf(halfHours, 'Europe/Paris', day('2026-03-02'));
    expect(slots).toHaveLength(24);
    expect(starts(slots).slice(0, 2)).toEqual(['2026-03-02T07:00:00Z', '2026-03-02T07:30:00Z']);
    expect(slots.at(-1)?.end.toString()).toBe('2026-03-02T19:00:00Z');
  });

  it('leave out the hour that a clock skips', () => {
    const slots = slotsOf(hours, 'Europe/Paris', day('2026-03-29'));
    expect(slots).toHaveLength(23);
    expect(slots.map(({ index }) => index)).not.toContain(2);
  });

  it('offer both halves of a doubled hour as distinct instants, the first under its bit', () => {
    const slots = slotsOf(hours, 'Europe/Paris', day('2026-10-25'));
    expect(slots).toHaveLength(25);
    expect(starts(slots).slice(2, 4)).toEqual(['2026-10-25T00:00:00Z', '2026-10-25T01:00:00Z']);
    expect(slots.slice(2, 5).map(({ index }) => index)).toEqual([2, undefined, 3]);
  });

  it('are read back from their instants', () => {
    for (const date of [day('2026-03-29'), day('2026-10-25')]) {
      for (const { start, index } of slotsOf(quarterHours, 'Europe/Paris', date)) {
        const found = indexOf(quarterHours, 'Europe/Paris', start);
        expect(found).toEqual(index === undefined ? undefined : { date, index });
      }
    }
  });

  it('do not start a nanosecond beside the grid', () => {
    const start = at('2026-03-02T09:00:00Z');
    expect(indexOf(halfHours, 'Europe/Paris', start)?.index).toBe(4);
    expect(indexOf(halfHours, 'Europe/Paris', start.add({ nanoseconds: 1 }))).toBeUndefined();
  });

  it('carry a long visit over midnight and over a clock change in real time', () => {
    const overMidnight = slotsOfVisit(quarterHours, 'Europe/Paris', at('2026-03-02T22:45:00Z'), 30);
    expect(overMidnight?.map(({ date }) => date.toString())).toEqual(['2026-03-02', '2026-03-03']);
    const overGap = slotsOfVisit(hours, 'Europe/Paris', at('2026-03-29T00:00:00Z'), 120);
    expect(overGap?.map(({ index }) => index)).toEqual([1, 3]);
    expect(slotsOfVisit(halfHours, 'Europe/Paris', at('2026-03-02T18:30:00Z'), 60)).toBeUndefined();
  });

  it('are free where all of them is working time that nothing busy touches', () => {
    const schedule = aSchedule({ workingHours: everyDay(550, 660) });
    const busy = { start: at('2026-03-02T09:29:00Z'), end: at('2026-03-02T09:31:00Z') };
    const open = freeSlots(halfHours, schedule, day('2026-03-02'), []);
    expect(starts(open)).toEqual(['2026-03-02T08:30:00Z', '2026-03-02T09:00:00Z', '2026-03-02T09:30:00Z']);
    expect(starts(freeSlots(halfHours, schedule, day('2026-03-02'), [busy]))).toEqual(['2026-03-02T08:30:00Z']);
  });

  it('go into bits and come back, save on a day that has more of them than bits', () => {
    const schedule = aSchedule({ workingHours: everyDay(60, 240) });
    const gap = freeSlots(hours, schedule, day('2026-03-29'), []);
    expect(starts(gap)).toEqual(['2026-03-29T00:00:00Z', '2026-03-29T01:00:00Z']);
    const bits = bitsOf(hours, gap);
    expect(freeSlotsOf(bits)).toEqual([1, 3]);
    expect(starts(freeByBits(slotsOf(hours, 'Europe/Paris', day('2026-03-29')), bits) ?? [])).toEqual(starts(gap));
    const doubled = freeSlots(hours, schedule, day('2026-10-25'), []);
    expect(freeSlotsOf(bitsOf(hours, doubled))).toEqual([1, 2, 3]);
    expect(freeByBits(slotsOf(hours, 'Europe/Paris', day('2026-10-25')), bitsOf(hours, doubled))).toBeUndefined();
  });
});

/** Independent of the code under test: what the clock on the wall shows at every quarter of an hour. */
type Quarter = { start: string; date: string; minute: number };

const QUARTER_MS = 15 * 60_000;

function quartersAround(timeZone: string, date: Temporal.PlainDate): Quarter[] {
  const firstMs = date.subtract({ days: 1 }).toZonedDateTime('UTC').epochMilliseconds;
  return Array.from({ length: 3 * 96 }, (_, place) => {
    const start = Temporal.Instant.fromEpochMilliseconds(firstMs + place * QUARTER_MS);
    const clock = start.toZonedDateTimeISO(timeZone);
    return { start: start.toString(), date: clock.toPlainDate().toString(), minute: clock.hour * 60 + clock.minute };
  });
}

/** The quarters that start a slot of the day during all of which the clock runs on and shows working minutes. */
function expectedStarts(quarters: Quarter[], grid: Grid, date: string, from: number, until: number): string[] {
  const perSlot = grid.slotMinutes / 15;
  return quarters.flatMap((quarter, place) => {
    const position = (quarter.minute - grid.firstSlotMinute) / grid.slotMinutes;
    if (quarter.date !== date || !Number.isInteger(position)) return [];
    if (position < 0 || position >= grid.slotsPerDay) return [];
    const during = quarters.slice(place, place + perSlot);
    const runsOn = during.every(({ minute }, step) => minute === quarter.minute + step * 15);
    return runsOn && quarter.minute >= from && quarter.minute + grid.slotMinutes <= until ? [quarter.start] : [];
  });
}

/** Days on which a zone's clock changes within five years; an ordinary day where it never does. */
function daysOfChange(timeZone: string): Temporal.PlainDate[] {
  const days: Temporal.PlainDate[] = [];
  const end = Temporal.PlainDate.from('2031-01-01').toZonedDateTime(timeZone);
  let clock = Temporal.PlainDate.from('2026-01-01').toZonedDateTime(timeZone).getTimeZoneTransition('next');
  while (clock !== null && Temporal.ZonedDateTime.compare(clock, end) < 0) {
    days.push(clock.subtract({ nanoseconds: 1 }).toPlainDate());
    clock = clock.getTimeZoneTransition('next');
  }
  return days.length > 0 ? days : [Temporal.PlainDate.from('2026-03-02')];
}

describe('every IANA zone on the days its clock changes, 2026 to 2030', () => {
  const grids: Grid[] = [quarterHours, hours, halfHours, { firstSlotMinute: 15, slotMinutes: 45, slotsPerDay: 20 }];
  const spans: [number, number][] = [
    [0, 1440],
    [75, 210],
  ];

  it('has no wrong slot, no instant twice and no bit twice', { timeout: 60_000 }, () => {
    let checked = 0;
    const wrong: string[] = [];
    for (const timeZone of Intl.supportedValuesOf('timeZone')) {
      for (const date of daysOfChange(timeZone)) {
        const quarters = quartersAround(timeZone, date);
        for (const grid of grids) {
          for (const [from, until] of spans) {
            const schedule = aSchedule({ timeZone, workingHours: everyDay(from, until) });
            const free = freeSlots(grid, schedule, date, []);
            const expected = expectedStarts(quarters, grid, date.toString(), from, until);
            const bits = free.flatMap(({ index }) => (index === undefined ? [] : [index]));
            const right =
              starts(free).join() === expected.join() &&
              new Set(expected).size === expected.length &&
              new Set(bits).size === bits.length;
            if (!right) wrong.push(`${timeZone} ${date.toString()} ${JSON.stringify({ grid, from, until })}`);
            checked += expected.length;
          }
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(checked).toBeGreaterThan(200_000);
  });
});

describe('the bits of a window', () => {
  const minutes = (step: number) =>
    fc
      .tuple(fc.integer({ min: 0, max: 1440 / step - 1 }), fc.integer({ min: 1, max: 1440 / step }))
      .map(([one, other]) => [one, one < other ? other : one + 1].map((count) => count * step))
      .map(([startMinute = 0, endMinute = 0]) => ({ startMinute, endMinute }));
  const workingHours = fc.array(
    fc
      .record({ weekday: fc.integer({ min: 1, max: 7 }), span: minutes(15) })
      .map(({ weekday, span }) => ({ weekday, ...span })),
    { maxLength: 12 },
  );
  const aDay = fc.integer({ min: -3, max: 24 });
  const exception = (start: Temporal.PlainDate) =>
    fc
      .record({
        kind: fc.constantFrom('closed', 'open'),
        days: fc.tuple(aDay, fc.nat(8)),
        span: fc.option(minutes(30), { nil: undefined }),
      })
      .map(({ kind, days: [first, more], span }) => ({
        kind: span ? kind : ('closed' as const),
        firstDay: start.add({ days: first }),
        lastDay: start.add({ days: first + more }),
        ...(span ?? { startMinute: null, endMinute: null }),
      }));
  const busySpan = (start: Temporal.PlainDate) =>
    fc.tuple(fc.integer({ min: -2_000, max: 24 * 1440 }), fc.integer({ min: 1, max: 2_000 })).map(([from, length]) => {
      const begins = start.toZonedDateTime('UTC').toInstant().add({ minutes: from });
      return { start: begins, end: begins.add({ minutes: length }) };
    });
  const samples = fc
    .constantFrom(day('2026-03-20'), day('2026-10-20'), day('2011-12-25'), day('2026-06-01'))
    .chain((start) =>
      fc.record({
        start: fc.constant(start),
        grid: fc.constantFrom(halfHours, quarterHours, hours),
        timeZone: fc.constantFrom('Europe/Paris', 'Australia/Lord_Howe', 'Pacific/Apia', 'America/Sao_Paulo'),
        workingHours,
        exceptions: fc.array(exception(start), { maxLength: 4 }),
        busy: fc.array(busySpan(start), { maxLength: 6 }),
      }),
    );

  it('are those of the free slots of each of its days', () => {
    fc.assert(
      fc.property(samples, ({ start, grid, timeZone, workingHours, exceptions, busy }) => {
        const schedule = { timeZone, workingHours, exceptions };
        const dates = Array.from({ length: 20 }, (_, ahead) => start.add({ days: ahead }));
        const expected = dates.map((date) => bitsOf(grid, freeSlots(grid, schedule, date, busy)));
        // The second time most of it is known.
        for (const others of [[], busy]) windowBits(grid, schedule, others.map(spanOf), { start, days: 20 });
        expect(windowBits(grid, schedule, busy.map(spanOf), { start, days: 20 })).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('are not mixed up for another zone, window or grid of the same hours', () => {
    const weekly = everyDay(480, 1200);
    const [first, later] = [day('2026-03-27'), day('2026-03-28')];
    for (const timeZone of ['Europe/Paris', 'Asia/Tokyo'])
      for (const start of [first, later])
        for (const grid of [hours, halfHours]) {
          const schedule = aSchedule({ workingHours: weekly, timeZone });
          const expected = [start, start.add({ days: 1 })].map((date) =>
            bitsOf(grid, freeSlots(grid, schedule, date, [])),
          );
          expect(windowBits(grid, schedule, [], { start, days: 2 })).toEqual(expected);
        }
  });
});
