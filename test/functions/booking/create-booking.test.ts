import { randomUUID } from 'node:crypto';

import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Booking } from '../../../schemas/api/booking.ts';
import { takeTurn } from '../../../shared/db/bookings.ts';
import { type BookingRow, bookings } from '../../../shared/db/schema/booking.ts';
import { addPatient, addPractice, addProxy, addVisitType, closeDays } from '../../support/practices.ts';
import { until } from '../../support/until.ts';
import {
  addPeople,
  asPatient,
  asPractitioner,
  book as bookIn,
  booked,
  type BookingWorld,
  codesOf,
  eventTypes,
  OFFICE,
  openBookingWorld,
  post,
  slot,
  statusesOf,
  storedBookings,
  storedEvents,
} from './booking-world.ts';

describe('POST /{country}/bookings', () => {
  let world: BookingWorld;
  beforeAll(async () => {
    world = await openBookingWorld();
  });
  afterAll(() => world.close());

  async function book(body: Parameters<typeof bookIn>[1], as?: string, headers?: Record<string, string>) {
    return bookIn(world, body, { ...(as && { as }), ...(headers && { headers }) });
  }

  /** Asks while another writes the row in the same party's turn; the row commits when the wish waits. */
  async function whileAnotherHasTheTurn(row: BookingRow, ask: () => ReturnType<typeof book>) {
    const waiting = sql`SELECT FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'advisory'`;
    return world.admin.transaction(async (tx) => {
      await takeTurn(tx, row);
      const wish = ask();
      await until(async () => (await world.admin.execute(waiting)).rowCount === 1, { what: 'the wish to wait' });
      await tx.insert(bookings).values(row);
      return { wish };
    });
  }

  async function people() {
    return addPeople(world);
  }

  it('confirms a free slot and commits the event that tells of it', async () => {
    const who = await people();
    const response = await book({ ...who, slotStart: slot(3) }, asPatient(who.patientId), {
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    });
    expect(response.statusCode).toBe(201);
    const booking = Booking.parse(response.json());
    expect(booking).toMatchObject({ ...who, status: 'confirmed', version: 1, slotStart: slot(3) });
    expect(response.headers).toMatchObject({ etag: '"1"', location: `/fr/bookings/${booking.id}` });
    const events = await storedEvents(world);
    const event = events.find(({ subject }) => subject === booking.id);
    expect(event).toMatchObject({
      type: 'careflow.booking.created.v1',
      partitionkey: who.practitionerId,
      traceparent: expect.stringContaining('4bf92f3577b34da6a3ce929d0e0e4736'),
      data: { bookingId: booking.id, ...who },
    });
  });

  it('refuses a taken slot with every reason and the next free slots', async () => {
    const who = await people();
    const specialty = 'dermatology';
    const visitTypeId = await addVisitType(world.admin, { practitionerId: who.practitionerId, specialty });
    const other = await addPractice(world.admin, { specialty });
    const rival = await addPatient(world.admin);
    await book({ ...who, patientId: rival, visitTypeId, slotStart: slot(4) }, asPatient(rival));
    await book({ ...other, patientId: who.patientId, slotStart: slot(4) }, asPatient(who.patientId));

    const response = await book({ ...who, visitTypeId, slotStart: slot(4) }, asPatient(who.patientId));
    expect(response.statusCode).toBe(409);
    expect(response.headers['content-type']).toContain('application/problem+json');
    expect(codesOf(response)).toEqual(['slot-taken', 'patient-overlap', 'same-specialty']);
    expect(response.json()).toMatchObject({ nextFreeSlots: [slot(4, '10:30'), slot(4, '11:00'), slot(4, '11:30')] });
  });

  it.each([
    ['off the grid', slot(3, '10:10'), ['off-grid']],
    ['before the practice opens', slot(3, '06:00'), ['off-grid', 'outside-working-hours']],
    ['in the past', slot(-1), ['too-soon']],
    ['beyond the horizon', slot(200), ['beyond-horizon']],
  ])('refuses a slot %s', async (_, slotStart, reasons) => {
    const who = await people();
    const response = await book({ ...who, slotStart }, asPatient(who.patientId));
    expect(response.statusCode).toBe(409);
    expect(codesOf(response)).toEqual(reasons);
  });

  it('refuses a day that the practitioner has closed', async () => {
    const who = await people();
    await closeDays(world.admin, who.practitionerId, slot(5).slice(0, 10));
    const response = await book({ ...who, slotStart: slot(5) }, asPatient(who.patientId));
    expect(codesOf(response)).toEqual(['outside-working-hours']);
  });

  it('keeps the buffers of a visit type free of others', async () => {
    const patients = [await addPatient(world.admin), await addPatient(world.admin)] as const;
    const practice = await addPractice(world.admin, { bufferAfterMinutes: 30 });
    const first = await book({ ...practice, patientId: patients[0], slotStart: slot(3) }, asPatient(patients[0]));
    const next = { ...practice, patientId: patients[1] };
    const within = await book({ ...next, slotStart: slot(3, '10:30') }, asPatient(patients[1]));
    const after = await book({ ...next, slotStart: slot(3, '11:00') }, asPatient(patients[1]));
    expect([first.statusCode, within.statusCode, after.statusCode]).toEqual([201, 409, 201]);
  });

  it('takes no more visits of a type on one day than its daily cap, however many ask at once', async () => {
    const practice = await addPractice(world.admin, { dailyCap: 2 });
    const times = ['09:00', '10:00', '11:00', '12:00', '13:00'];
    const answers = await Promise.all(
      times.map(async (time) => {
        const patientId = await addPatient(world.admin);
        return book({ ...practice, patientId, slotStart: slot(6, time) }, asPatient(patientId));
      }),
    );
    expect(answers.filter(({ statusCode }) => statusCode === 201)).toHaveLength(2);
    const refused = answers.filter(({ statusCode }) => statusCode === 409);
    expect(refused.map(codesOf)).toEqual([['daily-cap'], ['daily-cap'], ['daily-cap']]);
  });

  it('waits for its turn, and then decides by what the one before has done', async () => {
    const who = await addPeople(world, { dailyCap: 2 });
    await booked(world, { ...who, slotStart: slot(9) });
    const [first] = await storedBookings(world, eq(bookings.practitionerId, who.practitionerId));
    if (first === undefined) throw new Error('nothing was stored');
    const later = (instant: Temporal.Instant) => instant.add({ hours: 1 });
    const [slotStart, slotEnd] = [later(first.slotStart), later(first.slotEnd)];
    const [other, next] = [await addPatient(world.admin), await addPatient(world.admin)];
    const times = { slotStart, slotEnd, busyStart: slotStart, busyEnd: slotEnd };
    const second = { ...first, ...times, id: randomUUID(), patientId: other };
    const { wish } = await whileAnotherHasTheTurn(second, () =>
      book({ ...who, patientId: next, slotStart: slot(9, '15:00') }),
    );
    expect(codesOf(await wish)).toEqual(['daily-cap']);
  });

  it('keeps both or replaces the other booking of a specialty, as the caller says', async () => {
    const patientId = await addPatient(world.admin);
    const specialty = 'cardiology';
    const [one, two, three] = [
      await addPractice(world.admin, { specialty }),
      await addPractice(world.admin, { specialty }),
      await addPractice(world.admin, { specialty }),
    ];
    const as = asPatient(patientId);
    const first = await book({ ...one, patientId, slotStart: slot(10) }, as);
    const refused = await book({ ...two, patientId, slotStart: slot(12) }, as);
    expect(refused.json()).toMatchObject({
      reasons: [
        { code: 'same-specialty', options: ['keep', 'replace'], bookingIds: [first.json<{ id: string }>().id] },
      ],
    });
    const kept = await book({ ...two, patientId, slotStart: slot(12), sameSpecialty: 'keep' }, as);
    expect(kept.statusCode).toBe(201);
    const replaced = await book({ ...three, patientId, slotStart: slot(14), sameSpecialty: 'replace' }, as);
    expect(replaced.statusCode).toBe(201);
    const types = (await storedEvents(world)).filter(
      ({ data }) => (data as { patientId: string }).patientId === patientId,
    );
    expect(types.map(({ type }) => type)).toEqual([
      'careflow.booking.created.v1',
      'careflow.booking.created.v1',
      'careflow.booking.cancelled.v1',
      'careflow.booking.cancelled.v1',
      'careflow.booking.created.v1',
    ]);
  });

  it('replays the first answer under the same idempotency key, also when both come at once', async () => {
    const who = await people();
    const headers = { 'idempotency-key': 'once-only' };
    const body = { ...who, slotStart: slot(7) };
    const twins = await Promise.all([
      book(body, asPatient(who.patientId), headers),
      book(body, asPatient(who.patientId), headers),
    ]);
    const again = await book(body, asPatient(who.patientId), headers);
    expect([...twins, again].map(({ statusCode }) => statusCode)).toEqual([201, 201, 201]);
    expect(new Set([...twins, again].map(({ body }) => body)).size).toBe(1);
    const other = await book({ ...body, slotStart: slot(8) }, asPatient(who.patientId), headers);
    expect(other.statusCode).toBe(422);
  });

  it('lets a guardian book for a relative and records who acted', async () => {
    const who = await people();
    const guardian = await addPatient(world.admin);
    const stranger = await addPatient(world.admin);
    await addProxy(world.admin, who.patientId, guardian);
    const refused = await book({ ...who, slotStart: slot(9) }, asPatient(stranger));
    const booked = await book({ ...who, slotStart: slot(9) }, asPatient(guardian));
    expect([refused.statusCode, booked.statusCode]).toEqual([403, 201]);
    const stored = await world.admin.$client.query<{ acted_by: string }>(
      'SELECT acted_by FROM booking.bookings WHERE id = $1',
      [booked.json<{ id: string }>().id],
    );
    expect(stored.rows).toEqual([{ acted_by: guardian }]);
  });

  it('answers 404 for people and visit types that are unknown or of another country', async () => {
    const who = await people();
    const german = await addPractice(world.admin, { country: 'de' });
    const unknown = '00000000-0000-4000-8000-000000000000';
    const bodies = [
      { ...who, ...german },
      { ...who, practitionerId: unknown },
      { ...who, visitTypeId: unknown },
      { ...who, visitTypeId: (await addPractice(world.admin)).visitTypeId },
    ];
    for (const body of bodies) {
      const response = await book({ ...body, slotStart: slot(3) }, asPatient(who.patientId));
      expect(response.statusCode).toBe(404);
    }
    const nobody = await book({ ...who, patientId: unknown, slotStart: slot(3) }, 'staff office');
    expect(nobody.statusCode).toBe(404);
  });

  it.each(['patient', 'practitioner', 'visit type'])('does not mind a %s id in capitals', async (which) => {
    const who = await people();
    const member = { patient: 'patientId', practitioner: 'practitionerId', 'visit type': 'visitTypeId' }[which] ?? '';
    const capitals = { ...who, [member]: who[member as keyof typeof who].toUpperCase(), slotStart: slot(3) };
    const response = await book(capitals, OFFICE);
    expect(response.json()).toMatchObject(who);
    const elsewhere = { ...capitals, ...(await addPractice(world.admin)) };
    expect(codesOf(await book(elsewhere, OFFICE))).toEqual(['patient-overlap']);
  });

  it.each([
    ['a time of no calendar', { slotStart: '2026-02-30T10:00:00Z' }],
    ['a time without an offset', { slotStart: '2026-02-28T10:00:00' }],
    ['a time in the year 9999', { slotStart: '9999-12-31T23:59:59Z' }],
    ['a time in the year 0', { slotStart: '0000-01-01T00:00:00Z' }],
    ['a time too fine to tell', { slotStart: '2026-02-28T10:00:00.0000000001Z' }],
    ['an id that is none', { patientId: 'me' }],
    ['a member that is not known', { status: 'confirmed' }],
    ['another wish about the specialty', { sameSpecialty: 'both' }],
    ['a number for a text', { visitTypeId: 7 }],
  ])('refuses %s', async (_, fault) => {
    const who = await people();
    const response = await post(world, '/fr/bookings', { as: OFFICE, body: { ...who, slotStart: slot(3), ...fault } });
    expect([response.statusCode, response.json<{ code: string }>().code]).toEqual([400, 'invalid-input']);
  });

  it('books for nobody who has no record, whatever their token calls them', async () => {
    const who = await people();
    const body = { ...who, slotStart: slot(3) };
    const someone = '5f1d7a52-0c65-4a1e-9d4e-0f0c6f6f0002';
    const answers = [
      await book(body, 'patient auth0|123'),
      await book({ ...body, patientId: someone }, asPatient(someone)),
      await book(body, 'practitioner auth0|123'),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([403, 404, 403]);
  });

  it.each([
    ['practitioner', 'practitioner', 'practitionerId'],
    ['patient and practitioner, the patient', 'patient+practitioner', 'patientId'],
    ['patient and practitioner, the practitioner', 'patient+practitioner', 'practitionerId'],
    ['staff and patient', 'patient+staff', 'patientId'],
  ] as const)('records in which role somebody acted: %s', async (_, roles, self) => {
    const who = await people();
    const { id } = (await book({ ...who, slotStart: slot(3) }, `${roles} ${who[self]}`)).json<{ id: string }>();
    const [row] = await storedBookings(world, eq(bookings.id, id));
    const role = roles.endsWith('staff') ? 'staff' : self.replace('Id', '');
    expect(row).toMatchObject({ actedBy: who[self], actedAs: role });
  });

  describe('of a specialty the patient has a booking of', () => {
    /** A patient's wishes with three practitioners of a specialty of the test's own. */
    async function wishes(specialty: string) {
      const patientId = await addPatient(world.admin);
      const wish = async () => ({
        ...(await addPractice(world.admin, { specialty, cancelCutOffMinutes: 14_400 })),
        patientId,
      });
      return { one: await wish(), two: await wish(), three: await wish() };
    }

    it('is asked about within six days of one that was itself kept beside another', async () => {
      const { one, two, three } = await wishes('rheumatology');
      await booked(world, { ...one, slotStart: slot(20) });
      const kept = await booked(world, { ...two, slotStart: slot(26), sameSpecialty: 'keep' });
      const refused = await book({ ...three, slotStart: slot(32) });
      expect(refused.json()).toMatchObject({ reasons: [{ code: 'same-specialty', bookingIds: [kept.id] }] });
      expect((await book({ ...three, slotStart: slot(33) })).statusCode).toBe(201);
    });

    it('is given to one of two that are wanted at once', async () => {
      const { one, two } = await wishes('urology');
      const answers = await Promise.all(
        [one, two].map((wish, place) => book({ ...wish, slotStart: slot(20 + place) })),
      );
      expect(statusesOf(answers)).toEqual([201, 409]);
      expect(answers.flatMap(codesOf)).toEqual(['same-specialty']);
    });

    it('replaces the other, even where it is in the way and has just been refused for it', async () => {
      const { one } = await wishes('dentistry');
      const longer = await addVisitType(world.admin, {
        practitionerId: one.practitionerId,
        specialty: 'dentistry',
        durationMinutes: 60,
      });
      const former = await booked(world, { ...one, slotStart: slot(20) });
      const wish = { ...one, visitTypeId: longer, slotStart: slot(20) };
      expect(codesOf(await book(wish))).toEqual(['slot-taken', 'patient-overlap', 'same-specialty']);
      expect((await book({ ...wish, sameSpecialty: 'replace' })).statusCode).toBe(201);
      expect(await eventTypes(world, former.id)).toEqual(['booking.created', 'booking.cancelled']);
    });

    it('does not replace one that is past its cut-off for the patient, and then changes nothing', async () => {
      const { one, two } = await wishes('oncology');
      const former = await booked(world, { ...one, slotStart: slot(4) });
      const refused = await book({ ...two, slotStart: slot(5), sameSpecialty: 'replace' });
      expect(codesOf(refused)).toEqual(['past-cut-off']);
      expect(await eventTypes(world, former.id)).toEqual(['booking.created']);
      const next = { ...two, patientId: await addPatient(world.admin), slotStart: slot(5) };
      expect((await book(next)).statusCode).toBe(201);
    });

    it("does not let a practitioner replace what is in a colleague's calendar", async () => {
      const { one, two } = await wishes('gynaecology');
      const former = await booked(world, { ...one, slotStart: slot(20) });
      const wish = { ...two, slotStart: slot(21), sameSpecialty: 'replace' };
      const refused = await book(wish, asPractitioner(two.practitionerId));
      expect(refused.json()).toMatchObject({
        reasons: [{ code: 'same-specialty', options: ['keep'], bookingIds: [former.id] }],
      });
      expect((await book(wish, OFFICE)).statusCode).toBe(201);
    });

    it('counts the days in the zone of the practitioner who is wanted', async () => {
      const { one: paris, two: honolulu } = await wishes('psychiatry');
      await world.admin.$client.query(`UPDATE practitioner.practitioners SET time_zone = $1 WHERE id = $2`, [
        'Pacific/Honolulu',
        honolulu.practitionerId,
      ]);
      await booked(world, { ...paris, slotStart: slot(20) });
      // In Honolulu the first is on the evening of day 19, and this is on the morning of day 26.
      expect((await book({ ...honolulu, slotStart: slot(26, '20:30') })).statusCode).toBe(201);
    });

    it('waits for its turn, and then sees what has been kept meanwhile', async () => {
      const { one, two } = await wishes('oncology');
      await booked(world, { ...one, slotStart: slot(20) });
      const [first] = await storedBookings(world, eq(bookings.practitionerId, one.practitionerId));
      if (first === undefined) throw new Error('nothing was stored');
      const patientId = await addPatient(world.admin);
      const kept = { ...first, id: randomUUID(), practitionerId: randomUUID(), patientId };
      const { wish } = await whileAnotherHasTheTurn(kept, () => book({ ...two, patientId, slotStart: slot(21) }));
      expect((await wish).json()).toMatchObject({ reasons: [{ code: 'same-specialty', bookingIds: [kept.id] }] });
    });
  });
});
