import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { bookings } from '../../../shared/db/schema/booking.ts';
import { visitTypes } from '../../../shared/db/schema/practitioner.ts';
import { addPatient, addPractice, addVisitType, closeDays } from '../../support/practices.ts';
import {
  addPeople,
  asPatient,
  book,
  type Booking,
  booked,
  type BookingWorld,
  codesOf,
  eventTypes,
  expire,
  get,
  held,
  OFFICE,
  openBookingWorld,
  post,
  slot,
  statusesOf,
  storedBookings,
  storedEvents,
  storedHistory,
} from './booking-world.ts';

describe('POST /{country}/bookings/{id}/reschedule', () => {
  let world: BookingWorld;
  beforeAll(async () => {
    world = await openBookingWorld(() => ({ LOOKUP_KEEP_MS: '1' }));
  });
  afterAll(() => world.close());

  async function move(
    { id, patientId }: Pick<Booking, 'id' | 'patientId'>,
    slotStart: string,
    {
      as = asPatient(patientId),
      headers = {},
      ...body
    }: Record<string, unknown> & { as?: string; headers?: object } = {},
  ) {
    return post(world, `/fr/bookings/${id}/reschedule`, { as, body: { slotStart, ...body }, headers: { ...headers } });
  }

  it('takes the new slot and frees the old one under the same id', async () => {
    const who = await addPeople(world);
    const booking = await booked(world, { ...who, slotStart: slot(3) });
    const response = await move(booking, slot(4, '11:00'));
    const moved = { ...booking, version: 2, slotStart: slot(4, '11:00'), slotEnd: slot(4, '11:30') };
    expect([response.statusCode, response.headers['etag'], response.json()]).toEqual([200, '"2"', moved]);
    expect(await storedHistory(world, booking.id)).toMatchObject([{ version: 1, status: 'confirmed' }]);
    const [, event] = await storedEvents(world, booking.id);
    expect(event).toMatchObject({
      type: 'careflow.booking.rescheduled.v1',
      partitionkey: who.practitionerId,
      data: { version: 2, slotStart: slot(4, '11:00'), previousSlotStart: slot(3), previousSlotEnd: slot(3, '10:30') },
    });
    const next = await addPatient(world.admin);
    expect((await book(world, { ...who, patientId: next, slotStart: slot(4, '11:00') })).statusCode).toBe(409);
    expect((await book(world, { ...who, patientId: next, slotStart: slot(3) })).statusCode).toBe(201);
  });

  it('frees the old slot at once for those who have just been refused it', async () => {
    const who = await addPeople(world);
    const wish = { ...who, patientId: await addPatient(world.admin), slotStart: slot(3) };
    const booking = await booked(world, { ...who, slotStart: slot(3) });
    expect(codesOf(await book(world, wish))).toEqual(['slot-taken']);
    expect((await move(booking, slot(4))).statusCode).toBe(200);
    expect((await book(world, wish)).statusCode).toBe(201);
  });

  it('may overlap its own former slot', async () => {
    const who = await addPeople(world, { durationMinutes: 60 });
    const booking = await booked(world, { ...who, slotStart: slot(5) });
    expect((await move(booking, slot(5, '10:30'))).statusCode).toBe(200);
  });

  it('changes nothing where the new slot is taken, held, closed or the same, and tells the next free ones', async () => {
    const who = await addPeople(world);
    const other = await addPatient(world.admin);
    const booking = await booked(world, { ...who, slotStart: slot(6) });
    await booked(world, { ...who, patientId: other, slotStart: slot(6, '11:00') });
    await held(world, { ...who, patientId: other, slotStart: slot(6, '12:00') });
    await closeDays(world.admin, who.practitionerId, slot(7).slice(0, 10));
    const answers = [
      await move(booking, slot(6, '11:00')),
      await move(booking, slot(6, '12:00')),
      await move(booking, slot(7)),
      await move(booking, slot(6)),
    ];
    expect(answers.map(codesOf)).toEqual([['slot-taken'], ['slot-taken'], ['outside-working-hours'], ['same-slot']]);
    expect(answers[0]?.json()).toMatchObject({ nextFreeSlots: [slot(6, '11:30'), slot(6, '12:30'), slot(6, '13:00')] });
    expect((await get(world, `/fr/bookings/${booking.id}`, OFFICE)).json()).toEqual(booking);
    expect([await storedHistory(world, booking.id), await eventTypes(world, booking.id)]).toEqual([
      [],
      ['booking.created'],
    ]);
  });

  it('takes a slot whose hold has expired, and releases that hold in the same transaction', async () => {
    const who = await addPeople(world);
    const booking = await booked(world, { ...who, slotStart: slot(8) });
    const hold = await held(world, { ...who, patientId: await addPatient(world.admin), slotStart: slot(9) });
    await expire(world, hold.id);
    expect((await move(booking, slot(9))).statusCode).toBe(200);
    expect(await eventTypes(world, hold.id)).toEqual(['booking.held', 'booking.released']);
    const [released] = await storedBookings(world, eq(bookings.id, hold.id));
    expect(released).toMatchObject({ status: 'released', actedBy: 'booking', actedAs: 'system' });
  });

  it('keeps a patient from two places at once', async () => {
    const who = await addPeople(world);
    const booking = await booked(world, { ...who, slotStart: slot(10) });
    const elsewhere = await addPractice(world.admin);
    await booked(world, { ...elsewhere, patientId: who.patientId, slotStart: slot(10, '14:00') });
    expect(codesOf(await move(booking, slot(10, '14:00')))).toEqual(['patient-overlap']);
  });

  it('asks about another booking of the specialty near the new slot', async () => {
    const specialty = 'neurology';
    const who = await addPeople(world, { specialty });
    const other = await addPractice(world.admin, { specialty });
    const first = await booked(world, { ...who, slotStart: slot(12) });
    const second = await booked(world, { ...other, patientId: who.patientId, slotStart: slot(20) });
    const refused = await move(first, slot(15));
    expect(refused.json()).toMatchObject({ reasons: [{ code: 'same-specialty', bookingIds: [second.id] }] });
    expect((await move(first, slot(15), { sameSpecialty: 'replace' })).statusCode).toBe(400);
    expect((await move(first, slot(15), { sameSpecialty: 'keep' })).statusCode).toBe(200);
  });

  it('is refused to the patient after the cut-off, not to the office', async () => {
    const who = await addPeople(world, { cancelCutOffMinutes: 14_400 });
    const booking = await booked(world, { ...who, slotStart: slot(3, '09:00') });
    expect(codesOf(await move(booking, slot(20)))).toEqual(['past-cut-off']);
    expect((await move(booking, slot(20), { as: OFFICE })).statusCode).toBe(200);
  });

  it('keeps the daily cap of the new day', async () => {
    const who = await addPeople(world, { dailyCap: 1 });
    const booking = await booked(world, { ...who, slotStart: slot(21) });
    await booked(world, { ...who, patientId: await addPatient(world.admin), slotStart: slot(22, '15:00') });
    expect(codesOf(await move(booking, slot(22)))).toEqual(['daily-cap']);
    expect((await move(booking, slot(21, '16:00'))).statusCode).toBe(200);
  });

  it('moves one of two bookings that want the same slot, and one of two wishes for one booking', async () => {
    const who = await addPeople(world);
    const booking = await booked(world, { ...who, slotStart: slot(23) });
    const answers = await Promise.all([move(booking, slot(24)), move(booking, slot(25))]);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
    expect((await storedHistory(world, booking.id)).map(({ version }) => version)).toEqual([1, 2]);
    const stale = await Promise.all(
      [slot(26), slot(27)].map((to) => move(booking, to, { headers: { 'if-match': '"3"' } })),
    );
    expect(statusesOf(stale)).toEqual([200, 412]);
  });

  it('answers the same under the same idempotency key', async () => {
    const who = await addPeople(world);
    const booking = await booked(world, { ...who, slotStart: slot(28) });
    const headers = { 'idempotency-key': 'move-once' };
    const twins = await Promise.all([move(booking, slot(29), { headers }), move(booking, slot(29), { headers })]);
    expect(twins.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
    expect((await move(booking, slot(30), { headers })).statusCode).toBe(422);
    expect(await eventTypes(world, booking.id)).toEqual(['booking.created', 'booking.rescheduled']);
  });

  it('knows neither bookings of others nor what is cancelled or offered no more', async () => {
    const who = await addPeople(world);
    const visitTypeId = await addVisitType(world.admin, { practitionerId: who.practitionerId });
    const booking = await booked(world, { ...who, slotStart: slot(31) });
    const orphan = await booked(world, { ...who, visitTypeId, slotStart: slot(32) });
    expect((await move(booking, slot(33), { as: asPatient(await addPatient(world.admin)) })).statusCode).toBe(404);
    await post(world, `/fr/bookings/${booking.id}/cancel`, { as: OFFICE });
    expect(codesOf(await move(booking, slot(33)))).toEqual(['wrong-status']);
    await world.admin.delete(visitTypes).where(eq(visitTypes.id, visitTypeId));
    const lost = await move(orphan, slot(33));
    expect([lost.statusCode, lost.json<{ detail: string }>().detail]).toEqual([404, 'There is no such visit type.']);
  });

  it.each(['9999-12-31T23:30:00Z', '0001-01-01T00:00:00Z', 'tomorrow'])('refuses %s for a time', async (slotStart) => {
    const who = await addPeople(world);
    const booking = await booked(world, { ...who, slotStart: slot(34) });
    expect((await move(booking, slotStart)).statusCode).toBe(400);
  });
});
