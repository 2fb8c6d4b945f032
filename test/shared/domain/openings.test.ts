import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type ActiveBooking, type BookingFacts, planBooking } from '../../../shared/domain/booking.ts';
import { anyVisit, nextOpenings, openingsOfDays } from '../../../shared/domain/openings.ts';
import { localDays } from '../../../shared/domain/zone.ts';
import { AppError } from '../../../shared/errors.ts';
import {
  aBooking,
  aRequest,
  aSchedule,
  at,
  aVisitType,
  day,
  halfHours,
  quarterHours,
  tenOClock,
} from './scheduling-samples.ts';

const DAYS = 3;

function shown(facts: BookingFacts, first: Temporal.PlainDate): string[] {
  const { visitType, practitionerBookings: taken = [] } = facts;
  return openingsOfDays(visitType, { ...facts, taken }, first, DAYS).map(({ start }) => start.toString());
}

function accepted(facts: BookingFacts, first: Temporal.PlainDate): string[] {
  const { start, end } = localDays(facts.schedule.timeZone, first, DAYS);
  const quarters = start.until(end).total('minutes') / 15;
  return Array.from({ length: quarters }, (_, count) => start.add({ minutes: 15 * count }))
    .filter((slotStart) => isAccepted(facts, slotStart))
    .map(String);
}

function isAccepted(facts: BookingFacts, slotStart: Temporal.Instant): boolean {
  try {
    planBooking(aRequest({ slotStart }), facts);
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === 'conflict') return false;
    throw error;
  }
}

const hours = fc
  .tuple(fc.integer({ min: 0, max: 95 }), fc.integer({ min: 1, max: 40 }))
  .map(([start, length]) => ({ startMinute: start * 15, endMinute: Math.min(1440, (start + length) * 15) }));

const rules = fc.record({
  bufferBeforeMinutes: fc.constantFrom(0, 5, 20),
  bufferAfterMinutes: fc.constantFrom(0, 10, 45),
  minimumNoticeMinutes: fc.integer({ min: 0, max: 3000 }),
  horizonDays: fc.integer({ min: 1, max: 4 }),
  dailyCap: fc.constantFrom(null, 1, 2),
});

/** Each about a change of the clock. */
const places = [
  { timeZone: 'Europe/Paris', first: day('2026-03-28') },
  { timeZone: 'Europe/Paris', first: day('2026-10-24') },
  { timeZone: 'America/Havana', first: day('2026-10-31') },
  { timeZone: 'Australia/Lord_Howe', first: day('2026-04-04') },
  { timeZone: 'Pacific/Chatham', first: day('2026-09-26') },
  { timeZone: 'Africa/Cairo', first: day('2026-10-29') },
];

const calendar = fc.record({
  place: fc.constantFrom(...places),
  grid: fc.constantFrom(quarterHours, halfHours, { firstSlotMinute: 0, slotMinutes: 30, slotsPerDay: 48 }),
  workingHours: fc.array(
    hours.chain((span) => fc.integer({ min: 1, max: 7 }).map((weekday) => ({ weekday, ...span }))),
    { minLength: 4, maxLength: 12 },
  ),
  slots: fc.integer({ min: 1, max: 4 }),
  rules,
  taken: fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 1, max: 100 })), { maxLength: 6 }),
});

function taken(midnight: Temporal.Instant, quarter: number, minutes: number): ActiveBooking {
  const slotStart = midnight.add({ minutes: quarter * 15 });
  return aBooking(slotStart, { patientId: 'another', busyEnd: slotStart.add({ minutes }) });
}

describe('what is shown', () => {
  it('is exactly what is accepted', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(calendar, (given) => {
        const { timeZone, first } = given.place;
        const { grid } = given;
        const midnight = localDays(timeZone, first).start;
        const facts: BookingFacts = {
          grid,
          schedule: aSchedule({ timeZone, workingHours: given.workingHours }),
          now: midnight.subtract({ minutes: 700 }),
          visitType: aVisitType({ ...given.rules, durationMinutes: given.slots * grid.slotMinutes }),
          practitionerBookings: given.taken.map(([quarter, minutes]) => taken(midnight, quarter, minutes)),
        };
        expect(shown(facts, first)).toEqual(accepted(facts, first));
      }),
      { numRuns: 60 },
    );
  });

  it('keeps to the strictest notice and horizon where no visit type is asked for', () => {
    const offered = [
      aVisitType({ minimumNoticeMinutes: 60, horizonDays: 10 }),
      aVisitType({ minimumNoticeMinutes: 120, horizonDays: 30 }),
    ];
    expect(anyVisit(halfHours, offered)).toMatchObject({
      durationMinutes: 30,
      minimumNoticeMinutes: 120,
      horizonDays: 10,
    });
  });

  it('never starts in the past', () => {
    const calendar = { grid: halfHours, schedule: aSchedule(), now: at('2026-03-02T09:00:01Z'), taken: [] };
    const [first] = openingsOfDays(anyVisit(halfHours, []), calendar, day('2026-03-02'), 1);
    expect(first?.start.toString()).toBe('2026-03-02T09:30:00Z');
  });

  it('names the next free starts of a span, over closed days', () => {
    const schedule = aSchedule({ workingHours: [{ weekday: 1, startMinute: 540, endMinute: 600 }] });
    const calendar = { grid: halfHours, schedule, now: at('2026-03-01T00:00:00Z'), taken: [aBooking(tenOClock)] };
    const span = { start: at('2026-03-02T08:15:00Z'), end: at('2026-03-16T08:30:00Z') };
    const found = nextOpenings(aVisitType(), calendar, span, 9).map(({ start }) => start.toString());
    expect(found).toEqual([
      '2026-03-02T08:30:00Z',
      '2026-03-09T08:00:00Z',
      '2026-03-09T08:30:00Z',
      '2026-03-16T08:00:00Z',
    ]);
  });
});
