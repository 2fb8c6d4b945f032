import { describe, expect, it } from 'vitest';

import {
  confirmHold,
  type HoldState,
  planBooking,
  planCancel,
  planEnd,
  planHold,
  planRelease,
  planReschedule,
  type Reason,
} from '../../../shared/domain/booking.ts';
import type { Role } from '../../../shared/domain/caller.ts';
import { AppError } from '../../../shared/errors.ts';
import {
  aBooking,
  aRequest,
  aSchedule,
  at,
  aVisitType,
  everyDay,
  patientId,
  someFacts,
  tenOClock,
} from './scheduling-samples.ts';

function refusalOf(decision: () => unknown): { code: string; reasons: readonly Reason[] } {
  try {
    decision();
  } catch (error) {
    if (error instanceof AppError && Array.isArray(error.details['reasons'])) {
      return { code: error.code, reasons: error.details['reasons'] };
    }
    throw error;
  }
  throw new Error('nothing was refused');
}

function codesOf(decision: () => unknown): string[] {
  return refusalOf(decision).reasons.map(({ code }) => code);
}

const to = (slotStart: Temporal.Instant) => ({ slotStart, sameSpecialty: 'refuse' as const });
const cancelFacts = (now: Temporal.Instant, role: Role) => ({ visitType: aVisitType(), now, actedAs: role });
const hours = (count: number) => tenOClock.add({ hours: count });
const days = (count: number) => hours(24 * count);
const confirmed = { ...aBooking(tenOClock), version: 3 };
const held: HoldState = { ...confirmed, status: 'held', version: 1, holdExpiresAt: at('2026-03-01T09:05:00Z') };

describe('planning a booking', () => {
  it('gives the slot the length and the buffers of the visit type', () => {
    const visitType = aVisitType({ durationMinutes: 60, bufferBeforeMinutes: 5, bufferAfterMinutes: 15 });
    const plan = planBooking(aRequest(), someFacts({ visitType }));
    expect(plan).toMatchObject({ status: 'confirmed', version: 1, specialty: 'dentist', replaces: [], patientId });
    expect(plan.slotEnd.toString()).toBe('2026-03-02T10:00:00Z');
    expect(plan.busyStart.toString()).toBe('2026-03-02T08:55:00Z');
    expect(plan.busyEnd.toString()).toBe('2026-03-02T10:15:00Z');
  });

  it.each<[string, string, Parameters<typeof someFacts>[0], string[]]>([
    ['beside the grid', '2026-03-02T09:10:00Z', {}, ['off-grid']],
    ['a millisecond beside the grid', '2026-03-02T09:00:00.001Z', {}, ['off-grid']],
    ['outside the working hours', '2026-03-02T07:30:00Z', {}, ['outside-working-hours']],
    ['in the past', '2026-02-27T09:00:00Z', {}, ['too-soon']],
    [
      'within the notice',
      '2026-03-02T09:00:00Z',
      { visitType: aVisitType({ minimumNoticeMinutes: 1441 }) },
      ['too-soon'],
    ],
    ['after the horizon', '2026-05-31T09:00:00Z', {}, ['beyond-horizon']],
    ['in the year 9999', '9999-12-31T23:59:59Z', {}, ['off-grid', 'outside-working-hours', 'beyond-horizon']],
    ['in the year 1', '0001-01-01T00:00:00Z', {}, ['off-grid', 'outside-working-hours', 'too-soon']],
  ])('refuses a slot %s', (_, slotStart, facts, codes) => {
    expect(codesOf(() => planBooking(aRequest({ slotStart: at(slotStart) }), someFacts(facts)))).toEqual(codes);
  });

  it('accepts the last day of the horizon and exactly the minimum notice', () => {
    const visitType = aVisitType({ minimumNoticeMinutes: 1440, horizonDays: 1 });
    expect(planBooking(aRequest(), someFacts({ visitType })).slotStart).toEqual(tenOClock);
  });

  it('refuses what touches the buffers of another booking, and accepts what only meets them', () => {
    const visitType = aVisitType({ bufferBeforeMinutes: 10 });
    const before = (busyEnd: string) =>
      someFacts({
        visitType,
        practitionerBookings: [aBooking(hours(-1), { busyEnd: at(busyEnd), patientId: 'another' })],
      });
    expect(codesOf(() => planBooking(aRequest(), before('2026-03-02T08:51:00Z')))).toEqual(['slot-taken']);
    expect(planBooking(aRequest(), before('2026-03-02T08:50:00Z')).version).toBe(1);
  });

  it('refuses a patient who is somewhere else at that time', () => {
    const elsewhere = aBooking(hours(0), { practitionerId: 'another', specialty: 'cardiologist' });
    expect(codesOf(() => planBooking(aRequest(), someFacts({ patientBookings: [elsewhere] })))).toEqual([
      'patient-overlap',
    ]);
  });

  it('refuses more visits of a type than the practitioner takes on that local day', () => {
    const visitType = aVisitType({ dailyCap: 1 });
    const sameDay = [aBooking(hours(5))];
    const reasons = refusalOf(() => planBooking(aRequest(), someFacts({ visitType, practitionerBookings: sameDay })));
    expect(reasons.reasons).toEqual([{ code: 'daily-cap', cap: 1 }]);
    const others = [aBooking(hours(5), { visitTypeId: 'another' }), aBooking(days(1))];
    expect(planBooking(aRequest(), someFacts({ visitType, practitionerBookings: others })).version).toBe(1);
  });

  it('tells every reason at once', () => {
    const visitType = aVisitType({ minimumNoticeMinutes: 3000, dailyCap: 1 });
    const schedule = aSchedule({ workingHours: everyDay(540, 600) });
    const taken = [aBooking(hours(0))];
    const facts = someFacts({ visitType, schedule, practitionerBookings: taken, patientBookings: taken });
    const slotStart = tenOClock.add({ minutes: 10 });
    const { code, reasons } = refusalOf(() => planBooking(aRequest({ slotStart }), facts));
    expect(code).toBe('conflict');
    expect(reasons.map((reason) => reason.code)).toEqual([
      'off-grid',
      'outside-working-hours',
      'too-soon',
      'slot-taken',
      'daily-cap',
      'patient-overlap',
      'same-specialty',
    ]);
  });

  it('does not know a visit type of another practitioner', () => {
    const foreign = someFacts({ visitType: aVisitType({ practitionerId: 'another' }) });
    expect(() => planBooking(aRequest(), foreign)).toThrowError(expect.objectContaining({ code: 'not-found' }));
  });
});

describe('a second booking of one specialty', () => {
  const near = aBooking(days(6), { id: 'near' });

  it('is asked about within six days, and offers to keep or to replace', () => {
    const { reasons } = refusalOf(() => planBooking(aRequest(), someFacts({ patientBookings: [near] })));
    expect(reasons).toEqual([{ code: 'same-specialty', options: ['keep', 'replace'], bookingIds: ['near'] }]);
  });

  it('is not asked about on the seventh day, for another specialty, or for a mere hold', () => {
    for (const other of [
      aBooking(days(7)),
      aBooking(days(-7)),
      aBooking(days(2), { specialty: 'cardiologist' }),
      aBooking(days(2), { status: 'held' }),
    ]) {
      expect(planBooking(aRequest(), someFacts({ patientBookings: [other] })).replaces).toEqual([]);
    }
  });

  it('keeps both, or replaces the other even where they overlap', () => {
    const keep = planBooking(aRequest({ sameSpecialty: 'keep' }), someFacts({ patientBookings: [near] }));
    expect(keep).toMatchObject({ replaces: [] });
    const facts = someFacts({ patientBookings: [aBooking(hours(0))], practitionerBookings: [aBooking(hours(0))] });
    const replace = planBooking(aRequest({ sameSpecialty: 'replace' }), facts);
    expect(replace.replaces).toEqual([aBooking(hours(0)).id]);
  });

  it('cannot replace what has begun, only be kept beside it', () => {
    const begun = someFacts({ patientBookings: [aBooking(days(-2), { id: 'begun' })] });
    const { reasons } = refusalOf(() => planBooking(aRequest({ sameSpecialty: 'replace' }), begun));
    expect(reasons).toEqual([{ code: 'same-specialty', options: ['keep'], bookingIds: ['begun'] }]);
    expect(planBooking(aRequest({ sameSpecialty: 'keep' }), begun).replaces).toEqual([]);
  });
});

describe('a hold', () => {
  it('reserves a slot until it expires', () => {
    const plan = planHold(aRequest(), someFacts({ patientBookings: [aBooking(days(1))] }), 10);
    expect(plan).toMatchObject({ status: 'held', version: 1 });
    expect(plan.holdExpiresAt?.toString()).toBe('2026-03-01T09:10:00Z');
    expect(codesOf(() => planHold(aRequest(), someFacts({ practitionerBookings: [confirmed] }), 10))).toEqual([
      'slot-taken',
    ]);
  });

  it('tells others until when it stands in their way, where nothing else does', () => {
    const until = (minute: number) => at(`2026-03-01T09:0${minute}:00Z`);
    const hold = (minute: number) => aBooking(tenOClock, { status: 'held', holdExpiresAt: until(minute) });
    const reasons = (...practitionerBookings: ReturnType<typeof aBooking>[]) =>
      refusalOf(() => planHold(aRequest(), someFacts({ practitionerBookings }), 10)).reasons;
    expect(reasons(hold(7), hold(5))).toEqual([{ code: 'slot-taken', heldUntil: '2026-03-01T09:07:00Z' }]);
    expect(reasons(hold(5), aBooking(tenOClock))).toEqual([{ code: 'slot-taken' }]);
  });

  it('becomes the confirmed booking of its own patient and slot', () => {
    const itself = [aBooking(tenOClock, { status: 'held' })];
    const facts = someFacts({ practitionerBookings: itself, patientBookings: itself });
    expect(confirmHold(held, aRequest(), someFacts())).toMatchObject({ status: 'confirmed', version: 2 });
    expect(confirmHold(held, aRequest(), facts).holdExpiresAt).toBeNull();
  });

  it('is of no use to another patient or for another slot', () => {
    for (const request of [aRequest({ patientId: 'another' }), aRequest({ slotStart: hours(1) })]) {
      expect(codesOf(() => confirmHold(held, request, someFacts()))).toEqual(['hold-mismatch']);
    }
  });

  it('cannot be confirmed from the moment it expires, nor once it is released', () => {
    const late = someFacts({ now: at('2026-03-01T09:05:00Z') });
    expect(codesOf(() => confirmHold(held, aRequest(), late))).toEqual(['hold-expired']);
    expect(codesOf(() => confirmHold({ ...held, status: 'released' }, aRequest(), someFacts()))).toEqual([
      'wrong-status',
    ]);
  });

  it('asks about the same specialty when it is confirmed', () => {
    const facts = someFacts({ patientBookings: [aBooking(days(3), { id: 'near' })] });
    expect(codesOf(() => confirmHold(held, aRequest(), facts))).toEqual(['same-specialty']);
  });

  it('is released once', () => {
    expect(planRelease(held)).toEqual({ status: 'released', version: 2 });
    expect(refusalOf(() => planRelease(confirmed)).reasons).toEqual([{ code: 'wrong-status', status: 'confirmed' }]);
  });
});

describe('moving a booking', () => {
  const patient = { actedAs: 'patient' as const };

  it('plans the new slot under the next version, unhindered by itself', () => {
    const itself = { ...aBooking(hours(0)), slotEnd: hours(1), busyEnd: hours(1) };
    const facts = { ...someFacts({ practitionerBookings: [itself], patientBookings: [itself] }), ...patient };
    const plan = planReschedule(
      confirmed,
      { slotStart: tenOClock.add({ minutes: 30 }), sameSpecialty: 'refuse' },
      facts,
    );
    expect(plan).toMatchObject({ version: 4 });
    expect(plan.slotEnd.toString()).toBe('2026-03-02T10:00:00Z');
  });

  it('is refused for what is not confirmed, does not move, is too late, or goes where nothing is free', () => {
    const facts = { ...someFacts({ now: hours(-3) }), ...patient };
    expect(codesOf(() => planReschedule(confirmed, to(hours(1)), facts))).toEqual(['past-cut-off']);
    expect(
      codesOf(() =>
        planReschedule({ ...confirmed, status: 'cancelled' }, to(tenOClock), { ...facts, actedAs: 'staff' }),
      ),
    ).toEqual(['wrong-status', 'same-slot']);
    const office = { ...someFacts({ now: tenOClock }), actedAs: 'admin' } as const;
    expect(codesOf(() => planReschedule(confirmed, to(hours(1)), office))).toEqual(['begun']);
    const taken = someFacts({ practitionerBookings: [aBooking(hours(1), { id: 'another', patientId: 'another' })] });
    expect(codesOf(() => planReschedule(confirmed, to(hours(1)), { ...taken, ...patient }))).toEqual(['slot-taken']);
  });
});

describe('cancelling a booking', () => {
  it("is the patient's until the cut-off, to the second", () => {
    expect(planCancel(confirmed, cancelFacts(hours(-4), 'patient'))).toEqual({ status: 'cancelled', version: 4 });
    const { reasons } = refusalOf(() => planCancel(confirmed, cancelFacts(hours(-4).add({ seconds: 1 }), 'patient')));
    expect(reasons).toEqual([{ code: 'past-cut-off', until: '2026-03-02T05:00:00Z' }]);
  });

  it.each(['practitioner', 'staff', 'system', 'admin'] as const)('is open to the role %s after it', (role) => {
    expect(planCancel(confirmed, cancelFacts(hours(-1), role)).status).toBe('cancelled');
  });

  it('is nobody’s any more when the visit has begun', () => {
    expect(planCancel(confirmed, cancelFacts(tenOClock.subtract({ seconds: 1 }), 'staff')).status).toBe('cancelled');
    const { reasons } = refusalOf(() => planCancel(confirmed, cancelFacts(tenOClock, 'admin')));
    expect(reasons).toEqual([{ code: 'begun', since: '2026-03-02T09:00:00Z' }]);
    expect(codesOf(() => planCancel(confirmed, cancelFacts(tenOClock, 'patient')))).toEqual(['past-cut-off', 'begun']);
  });

  it('knows no cut-off where the visit type is offered no more', () => {
    const facts = { ...cancelFacts(hours(-1), 'patient'), visitType: undefined };
    expect(planCancel(confirmed, facts).status).toBe('cancelled');
  });

  it('happens to confirmed bookings only', () => {
    for (const status of ['held', 'completed', 'cancelled', 'no_show', 'released'] as const) {
      expect(codesOf(() => planCancel({ ...confirmed, status }, cancelFacts(hours(-9), 'staff')))).toEqual([
        'wrong-status',
      ]);
    }
  });
});

describe('ending a visit', () => {
  it.each(['completed', 'no_show'] as const)('makes it %s from its start on', (status) => {
    expect(planEnd(confirmed, status, tenOClock)).toEqual({ status, version: 4 });
    const { reasons } = refusalOf(() => planEnd(confirmed, status, tenOClock.subtract({ seconds: 1 })));
    expect(reasons).toEqual([{ code: 'too-soon', earliest: '2026-03-02T09:00:00Z' }]);
  });

  it('happens to confirmed bookings only', () => {
    for (const status of ['held', 'completed', 'cancelled', 'no_show', 'released'] as const) {
      expect(codesOf(() => planEnd({ ...confirmed, status }, 'completed', hours(1)))).toEqual(['wrong-status']);
    }
  });
});
