import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { practitioners, visitTypes } from '../../../shared/db/schema/practitioner.ts';
import { addPatient, addProxy, addVisitType } from '../../support/practices.ts';
import {
  addPeople,
  asPatient,
  asPractitioner,
  book,
  booked,
  type BookingWorld,
  codesOf,
  eventTypes,
  held,
  OFFICE,
  openBookingWorld,
  post,
  slot,
  statusesOf,
  storedEvents,
  storedHistory,
} from './booking-world.ts';

const TEN_DAYS_MINUTES = 14_400;

describe('POST /{country}/bookings/{id}/cancel', () => {
  let world: BookingWorld;
  beforeAll(async () => {
    world = await openBookingWorld(() => ({ LOOKUP_KEEP_MS: '1' }));
  });
  afterAll(() => world.close());

  async function cancel(id: string, as: string, { reason, ...headers }: Record<string, string> = {}) {
    return post(world, `/fr/bookings/${id}/cancel`, { as, body: reason === undefined ? {} : { reason }, headers });
  }

  it('cancels, raises the version, keeps the former state with its reason and tells of it without one', async () => {
    const who = await addPeople(world);
    const booking = await booked(world, { ...who, slotStart: slot(3) });
    const response = await cancel(booking.id, asPatient(who.patientId), { reason: 'the pain is gone' });
    expect([response.statusCode, response.headers['etag']]).toEqual([200, '"2"']);
    expect(response.json()).toEqual({ ...booking, status: 'cancelled', version: 2 });
    expect(await storedHistory(world, booking.id)).toMatchObject([
      { version: 1, status: 'confirmed', leftBecause: 'the pain is gone' },
    ]);
    const [, event] = await storedEvents(world, booking.id);
    expect(event).toMatchObject({
      type: 'careflow.booking.cancelled.v1',
      partitionkey: who.practitionerId,
      data: { bookingId: booking.id, version: 2, cancelledBy: 'patient' },
    });
    expect(JSON.stringify(event)).not.toContain('pain');
  });

  it('frees the slot at once, even while the bitmap says that it is taken', async () => {
    const who = await addPeople(world);
    const next = await addPatient(world.admin);
    const booking = await booked(world, { ...who, slotStart: slot(3) });
    const wish = { ...who, patientId: next, slotStart: slot(3) };
    expect(codesOf(await book(world, wish))).toEqual(['slot-taken']);
    expect(codesOf(await book(world, wish))).toEqual(['slot-taken']);
    await cancel(booking.id, asPatient(who.patientId));
    expect((await book(world, wish)).statusCode).toBe(201);
  });

  it('happens once: the second time there is nothing to cancel', async () => {
    const who = await addPeople(world);
    const { id } = await booked(world, { ...who, slotStart: slot(3) });
    const both = await Promise.all([cancel(id, asPatient(who.patientId)), cancel(id, asPatient(who.patientId))]);
    expect(statusesOf(both)).toEqual([200, 409]);
    const again = await cancel(id, asPatient(who.patientId));
    expect(again.json()).toMatchObject({ reasons: [{ code: 'wrong-status', status: 'cancelled' }] });
    expect(await eventTypes(world, id)).toEqual(['booking.created', 'booking.cancelled']);
  });

  it('is refused with 412 where If-Match names a version that is gone, or to come', async () => {
    const who = await addPeople(world);
    const { id } = await booked(world, { ...who, slotStart: slot(3) });
    const stale = await cancel(id, asPatient(who.patientId), { 'if-match': '"2"' });
    expect([stale.statusCode, stale.json<{ version: number }>().version]).toEqual([412, 1]);
    expect((await cancel(id, asPatient(who.patientId), { 'if-match': '"1"' })).statusCode).toBe(200);
    expect((await cancel(id, asPatient(who.patientId), { 'if-match': '"1"' })).statusCode).toBe(412);
    expect((await cancel(id, asPatient(who.patientId), { 'if-match': 'W/"2"' })).statusCode).toBe(400);
  });

  describe('after the cut-off', () => {
    it("is refused to the patient and those who act for them, and open to the booking's practice", async () => {
      const who = await addPeople(world, { cancelCutOffMinutes: TEN_DAYS_MINUTES });
      const guardian = await addPatient(world.admin);
      await addProxy(world.admin, who.patientId, guardian);
      const { id } = await booked(world, { ...who, slotStart: slot(3) });
      for (const late of [asPatient(who.patientId), asPatient(guardian)]) {
        const refused = await cancel(id, late);
        expect([refused.statusCode, codesOf(refused)]).toEqual([409, ['past-cut-off']]);
      }
      expect((await cancel(id, asPractitioner(who.practitionerId))).statusCode).toBe(200);
      expect(await storedEvents(world, id)).toMatchObject([{}, { data: { cancelledBy: 'practitioner' } }]);
    });

    it('is refused to a patient who is a practitioner elsewhere', async () => {
      const who = await addPeople(world, { cancelCutOffMinutes: TEN_DAYS_MINUTES });
      const { id } = await booked(world, { ...who, slotStart: slot(4) });
      const refused = await cancel(id, `patient+practitioner ${who.patientId}`);
      expect(codesOf(refused)).toEqual(['past-cut-off']);
    });

    it('is open to the office', async () => {
      const who = await addPeople(world, { cancelCutOffMinutes: TEN_DAYS_MINUTES });
      const { id } = await booked(world, { ...who, slotStart: slot(5) });
      expect((await cancel(id, OFFICE)).statusCode).toBe(200);
    });
  });

  it('is possible still where the visit type or the practitioner is no more', async () => {
    const who = await addPeople(world);
    const visitTypeId = await addVisitType(world.admin, { practitionerId: who.practitionerId });
    const one = await booked(world, { ...who, slotStart: slot(6) });
    const two = await booked(world, { ...who, visitTypeId, slotStart: slot(7) });
    await forget(world, who.practitionerId);
    const answers = [await cancel(one.id, asPatient(who.patientId)), await cancel(two.id, OFFICE)];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
  });

  it("knows only bookings that are the caller's, and no holds", async () => {
    const who = await addPeople(world);
    const { id } = await booked(world, { ...who, slotStart: slot(8) });
    const hold = await held(world, { ...who, slotStart: slot(9) });
    const stranger = asPatient(await addPatient(world.admin));
    expect((await cancel(id, stranger)).statusCode).toBe(404);
    expect((await cancel(id, asPractitioner(who.patientId))).statusCode).toBe(404);
    expect((await cancel(hold.id, asPatient(who.patientId))).json()).toMatchObject({
      reasons: [{ code: 'wrong-status', status: 'held' }],
    });
  });

  it('answers the same under the same idempotency key', async () => {
    const who = await addPeople(world);
    const { id } = await booked(world, { ...who, slotStart: slot(10) });
    const headers = { 'idempotency-key': 'cancel-once', 'if-match': '"1"' };
    const twins = await Promise.all([
      cancel(id, asPatient(who.patientId), headers),
      cancel(id, asPatient(who.patientId), headers),
    ]);
    const later = await cancel(id, asPatient(who.patientId), headers);
    expect([...twins, later].map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
    expect(later.headers['idempotency-replayed']).toBe('true');
  });

  it('refuses a reason that is too long, and one that PostgreSQL could not keep', async () => {
    const who = await addPeople(world);
    const { id } = await booked(world, { ...who, slotStart: slot(11) });
    expect((await cancel(id, OFFICE, { reason: 'x'.repeat(501) })).statusCode).toBe(400);
    expect((await cancel(id, OFFICE, { reason: 'a\0b' })).statusCode).toBe(400);
  });
});

/** Takes a practitioner away, and with them what they offer. */
async function forget(world: BookingWorld, practitionerId: string): Promise<void> {
  await world.admin.delete(visitTypes).where(eq(visitTypes.practitionerId, practitionerId));
  await world.admin.delete(practitioners).where(eq(practitioners.id, practitionerId));
}
