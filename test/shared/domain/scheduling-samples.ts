import type { ActiveBooking, BookingFacts, BookingRequest } from '../../../shared/domain/booking.ts';
import type { Grid } from '../../../shared/domain/grid.ts';
import type { Schedule, WorkingHours } from '../../../shared/domain/schedule.ts';
import type { VisitType } from '../../../shared/domain/visit-type.ts';

export const halfHours: Grid = { firstSlotMinute: 480, slotMinutes: 30, slotsPerDay: 24 };
export const quarterHours: Grid = { firstSlotMinute: 0, slotMinutes: 15, slotsPerDay: 96 };

export const practitionerId = '5f1d7a52-0c65-4a1e-9d4e-0f0c6f6f0001';
export const patientId = '5f1d7a52-0c65-4a1e-9d4e-0f0c6f6f0002';
export const visitTypeId = '5f1d7a52-0c65-4a1e-9d4e-0f0c6f6f0003';

export function at(text: string): Temporal.Instant {
  return Temporal.Instant.from(text);
}

export function day(text: string): Temporal.PlainDate {
  return Temporal.PlainDate.from(text);
}

export function everyDay(startMinute: number, endMinute: number): WorkingHours[] {
  return [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, startMinute, endMinute }));
}

export function aSchedule(changes: Partial<Schedule> = {}): Schedule {
  return { timeZone: 'Europe/Paris', workingHours: everyDay(540, 1020), exceptions: [], ...changes };
}

export function aVisitType(changes: Partial<VisitType> = {}): VisitType {
  return {
    id: visitTypeId,
    practitionerId,
    specialty: 'dentist',
    durationMinutes: 30,
    bufferBeforeMinutes: 0,
    bufferAfterMinutes: 0,
    minimumNoticeMinutes: 0,
    horizonDays: 90,
    cancelCutOffMinutes: 240,
    dailyCap: null,
    ...changes,
  };
}

/** Monday, 2 March 2026, 10:00 in Paris, where the samples work from 09:00 to 17:00. */
export const tenOClock = at('2026-03-02T09:00:00Z');

export function aRequest(changes: Partial<BookingRequest> = {}): BookingRequest {
  return { practitionerId, patientId, visitTypeId, slotStart: tenOClock, sameSpecialty: 'refuse', ...changes };
}

/** The facts of a request made a day before `tenOClock`. */
export function someFacts(changes: Partial<BookingFacts> = {}): BookingFacts {
  return {
    visitType: aVisitType(),
    schedule: aSchedule(),
    grid: halfHours,
    now: at('2026-03-01T09:00:00Z'),
    ...changes,
  };
}

export function aBooking(slotStart: Temporal.Instant, changes: Partial<ActiveBooking> = {}): ActiveBooking {
  const slotEnd = slotStart.add({ minutes: 30 });
  return {
    id: '5f1d7a52-0c65-4a1e-9d4e-0f0c6f6f0004',
    status: 'confirmed',
    practitionerId,
    patientId,
    visitTypeId,
    specialty: 'dentist',
    slotStart,
    slotEnd,
    busyStart: slotStart,
    busyEnd: slotEnd,
    ...changes,
  };
}
