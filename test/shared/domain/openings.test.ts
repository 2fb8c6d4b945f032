import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type ActiveBooking, type BookingFacts, planBooking } from '../../../shared/domain/booking.ts';
import { decisiveVisits, nextOpenings, openingsOfDays, type VisitRules } from '../../../shared/domain/openings.ts';
import type { VisitType } from '../../../shared/domain/visit-type.ts';
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

type Facts = Omit<BookingFacts, 'visitType'>;

/** Each start that is shown, and until when. */
function shown(visits: readonly VisitRules[], facts: Facts, first: Temporal.PlainDate): string[] {
  const { practitionerBookings: taken = [] } = facts;
  return openingsOfDays(visits, { ...facts, taken }, first, DAYS).map(({ start, end }) => [start, end].join(' '));
}

/** Each start that is accepted for one of the visit types, until the shortest of those would end. */
function accepted(visits: readonly VisitType[], facts: Facts, first: Temporal.PlainDate): string[] {
  const { start, end } = localDays(facts.schedule.timeZone, first, DAYS);
  const quarters = start.until(end).total('minutes') / 15;
  const starts = Array.from({ length: quarters }, (_, count) => start.add({ minutes: 15 * count }));
  return starts.flatMap((slotStart) => {
    const ends = visits.flatMap((visitType) => endAccepted({ ...facts, visitType }, slotStart) ?? []);
    const [earliest] = ends.toSorted(Temporal.Instant.compare);
    return earliest === undefined ? [] : [[slotStart, earliest].join(' ')];
  });
}

function endAccepted(facts: BookingFacts, slotStart: Temporal.Instant): Temporal.Instant | undefined {
  try {
    return planBooking(aRequest({ slotStart, visitTypeId: facts.visitType.id }), facts).slotEnd;
  } catch (error) {
    if (error instanceof AppError && error.code === 'conflict') return undefined;
    throw error;
  }
}

const hours = fc
  .tuple(fc.integer({ min: 0, max: 95 }), fc.integer({ min: 1, max: 40 }))
  .map(([start, length]) => ({ startMinute: start * 15, endMinute: Math.min(1440, (start + length) * 15) }));

const rules = fc.record({
  slots: fc.integer({ min: 1, max: 4 }),
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
  taken: fc.array(
    fc.record({
      quarter: fc.integer({ min: 0, max: 400 }),
      minutes: fc.integer({ min: 1, max: 100 }),
      visitTypeId: fc.constantFrom('visit-0', 'visit-1', 'visit-2'),
    }),
    { maxLength: 6 },
  ),
});

type Taken = { readonly quarter: number; readonly minutes: number; readonly visitTypeId: string };

function bookingOf(midnight: Temporal.Instant, { quarter, minutes, visitTypeId }: Taken): ActiveBooking {
  const slotStart = midnight.add({ minutes: quarter * 15 });
  return aBooking(slotStart, { patientId: 'another', visitTypeId, busyEnd: slotStart.add({ minutes }) });
}

describe('what is shown', () => {
  it.each([
    ['a visit type', { minLength: 1, maxLength: 1 }],
    ['at least one of those that are offered', { minLength: 0, maxLength: 3 }],
  ])('is exactly what is accepted for %s', { timeout: 60_000 }, (_, offered) => {
    fc.assert(
      fc.property(calendar, fc.array(rules, offered), (given, rulesOfEach) => {
        const { timeZone, first } = given.place;
        const { grid } = given;
        const midnight = localDays(timeZone, first).start;
        const facts: Facts = {
          grid,
          schedule: aSchedule({ timeZone, workingHours: given.workingHours }),
          now: midnight.subtract({ minutes: 700 }),
          practitionerBookings: given.taken.map((one) => bookingOf(midnight, one)),
        };
        const visits = rulesOfEach.map(({ slots, ...each }, place) =>
          aVisitType({ ...each, id: `visit-${place}`, durationMinutes: slots * grid.slotMinutes }),
        );
        expect(shown(visits, facts, first)).toEqual(accepted(visits, facts, first));
        expect(shown(decisiveVisits(visits), facts, first)).toEqual(shown(visits, facts, first));
      }),
      { numRuns: 60 },
    );
  });

  it('is told by free slots alone where a plain visit can start wherever the others can', () => {
    const plain = aVisitType({ minimumNoticeMinutes: 60, horizonDays: 30 });
    const longer = aVisitType({ durationMinutes: 60, bufferAfterMinutes: 15, minimumNoticeMinutes: 120, dailyCap: 4 });
    expect(decisiveVisits([{ ...longer, horizonDays: 30 }, plain])).toEqual([plain]);
    const [sooner, farther] = [
      { ...longer, minimumNoticeMinutes: 30 },
      { ...longer, horizonDays: 31 },
    ];
    expect(decisiveVisits([sooner, farther, plain])).toEqual([plain, sooner, farther]);
  });

  it('never starts in the past', () => {
    const calendar = { grid: halfHours, schedule: aSchedule(), now: at('2026-03-02T09:00:01Z'), taken: [] };
    const [first] = openingsOfDays([aVisitType()], calendar, day('2026-03-02'), 1);
    expect(first?.start.toString()).toBe('2026-03-02T09:30:00Z');
  });

  it('names the next free starts of a span, over closed days', () => {
    const schedule = aSchedule({ workingHours: [{ weekday: 1, startMinute: 540, endMinute: 600 }] });
    const calendar = { grid: halfHours, schedule, now: at('2026-03-01T00:00:00Z'), taken: [aBooking(tenOClock)] };
    const span = { start: at('2026-03-02T08:15:00Z'), end: at('2026-03-16T08:30:00Z') };
    const found = nextOpenings([aVisitType()], calendar, span, 9).map(({ start }) => start.toString());
    expect(found).toEqual([
      '2026-03-02T08:30:00Z',
      '2026-03-09T08:00:00Z',
      '2026-03-09T08:30:00Z',
      '2026-03-16T08:00:00Z',
    ]);
  });
});
