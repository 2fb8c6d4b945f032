import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { bookings } from '../../../shared/db/schema/booking.ts';
import { addPatient, addPractice } from '../../support/practices.ts';
import {
  addPeople,
  asPatient,
  asPractitioner,
  book,
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
  remove,
  slot,
  statusesOf,
  storedBookings,
  storedEvents,
  storedHistory,
} from './booking-world.ts';

const SOON_MS = 11 * 60_000;

let world: BookingWorld;
beforeAll(async () => {
  world = await openBookingWorld();
});
afterAll(() => world.close());

async function hold(body: { patientId: string; slotStart: string } & Record<string, unknown>, headers = {}) {
  return post(world, '/fr/holds', { as: asPatient(body.patientId), body, headers });
}

async function another(): Promise<string> {
  return addPatient(world.admin);
}

describe('POST /{country}/holds', () => {
  it('reserves a slot until it expires, and tells of it', async () => {
    const who = await addPeople(world);
    const response = await hold({ ...who, slotStart: slot(3) });
    expect(response.statusCode).toBe(201);
    const { id, expiresAt } = response.json<{ id: string; expiresAt: string }>();
    expect(response.headers['location']).toBe(`/fr/holds/${id}`);
    const leftMs = Temporal.Instant.from(expiresAt).epochMilliseconds - Date.now();
    expect(leftMs > 0 && leftMs < SOON_MS).toBe(true);
    expect(await storedEvents(world, id)).toMatchObject([
      { type: 'careflow.booking.held.v1', partitionkey: who.practitionerId, data: { bookingId: id, expiresAt } },
    ]);
  });

  it('keeps the slot, and what overlaps it, from everybody else until then', async () => {
    const who = await addPeople(world, { durationMinutes: 60 });
    const { expiresAt } = await held(world, { ...who, slotStart: slot(3) });
    for (const slotStart of [slot(3), slot(3, '10:30'), slot(3, '09:30')]) {
      const refused = await book(world, { ...who, patientId: await another(), slotStart });
      expect(refused.json()).toMatchObject({ reasons: [{ code: 'slot-taken', heldUntil: expiresAt }] });
    }
    const heldTwice = await hold({ ...who, patientId: await another(), slotStart: slot(3) });
    expect([heldTwice.statusCode, codesOf(heldTwice)]).toEqual([409, ['slot-taken']]);
  });

  it('keeps its patient from two places at once', async () => {
    const who = await addPeople(world);
    await held(world, { ...who, slotStart: slot(4) });
    const elsewhere = { ...(await addPractice(world.admin)), patientId: who.patientId, slotStart: slot(4) };
    expect(codesOf(await hold(elsewhere))).toEqual(['patient-overlap']);
    expect(codesOf(await book(world, elsewhere))).toEqual(['patient-overlap']);
  });

  it.each(['booking', 'hold'])(
    "is in nobody's way once it has expired: a %s releases it and takes the slot",
    async (what) => {
      const who = await addPeople(world);
      const former = await held(world, { ...who, slotStart: slot(5) });
      const wish = { ...who, patientId: await another(), slotStart: slot(5) };
      expect(codesOf(await book(world, wish))).toEqual(['slot-taken']);
      await expire(world, former.id);
      // The hold was to last longer when the slot was refused, so that refusal is still remembered.
      await world.redis.flushdb();
      const response = what === 'booking' ? await book(world, wish) : await hold(wish);
      expect(response.statusCode).toBe(201);
      expect(await storedHistory(world, former.id)).toMatchObject([{ version: 1, status: 'held' }]);
      const types = (await storedEvents(world))
        .filter(({ partitionkey }) => partitionkey === who.practitionerId)
        .map(({ type }) => type);
      expect(types).toEqual([
        'careflow.booking.held.v1',
        'careflow.booking.released.v1',
        `careflow.booking.${what === 'booking' ? 'created' : 'held'}.v1`,
      ]);
    },
  );

  it("is not in its own patient's way elsewhere once it has expired", async () => {
    const who = await addPeople(world);
    const former = await held(world, { ...who, slotStart: slot(6) });
    await expire(world, former.id);
    const elsewhere = await addPractice(world.admin);
    await booked(world, { ...elsewhere, patientId: who.patientId, slotStart: slot(6) });
    expect(await eventTypes(world, former.id)).toEqual(['booking.held', 'booking.released']);
  });

  it('releases an expired hold once, however many want its slot', async () => {
    const who = await addPeople(world);
    const former = await held(world, { ...who, slotStart: slot(7) });
    await expire(world, former.id);
    const answers = await Promise.all(
      Array.from({ length: 10 }, async () => book(world, { ...who, patientId: await another(), slotStart: slot(7) })),
    );
    expect(answers.filter(({ statusCode }) => statusCode === 201)).toHaveLength(1);
    expect(await eventTypes(world, former.id)).toEqual(['booking.held', 'booking.released']);
  });

  it('counts towards the daily cap', async () => {
    const who = await addPeople(world, { dailyCap: 1 });
    await held(world, { ...who, slotStart: slot(8) });
    const refused = await hold({ ...who, patientId: await another(), slotStart: slot(8, '15:00') });
    expect(codesOf(refused)).toEqual(['daily-cap']);
  });

  it('answers the same under the same idempotency key', async () => {
    const who = await addPeople(world);
    const headers = { 'idempotency-key': 'hold-once' };
    const answers = await Promise.all([1, 2, 3].map(() => hold({ ...who, slotStart: slot(9) }, headers)));
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201, 201]);
  });

  it('is for those who may book for the patient', async () => {
    const who = await addPeople(world);
    const body = { ...who, slotStart: slot(10) };
    const answers = [
      await post(world, '/fr/holds', { as: asPatient(await another()), body }),
      await post(world, '/fr/holds', { as: asPractitioner(who.patientId), body }),
      await post(world, '/fr/holds', { as: asPractitioner(who.practitionerId), body }),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([403, 403, 201]);
  });
});

describe('confirming a hold', () => {
  it('books what it reserves, under its id and the next version', async () => {
    const who = await addPeople(world);
    const { id } = await held(world, { ...who, slotStart: slot(11) });
    const booking = await booked(world, { ...who, slotStart: slot(11), holdId: id });
    expect(booking).toMatchObject({ id, status: 'confirmed', version: 2 });
    expect(await storedHistory(world, id)).toMatchObject([{ version: 1, status: 'held' }]);
    expect(await eventTypes(world, id)).toEqual(['booking.held', 'booking.created']);
    const [row] = await storedBookings(world, eq(bookings.id, id));
    expect(row?.holdExpiresAt).toBeNull();
  });

  it('happens once', async () => {
    const who = await addPeople(world);
    const { id } = await held(world, { ...who, slotStart: slot(12) });
    const wish = { ...who, slotStart: slot(12), holdId: id };
    const both = await Promise.all([book(world, wish), book(world, wish)]);
    expect(statusesOf(both)).toEqual([201, 409]);
    expect(codesOf(await book(world, wish))).toEqual(['wrong-status']);
  });

  it('is refused from the moment it expires, with the next free slots', async () => {
    const who = await addPeople(world);
    const { id } = await held(world, { ...who, slotStart: slot(13) });
    await expire(world, id);
    const refused = await book(world, { ...who, slotStart: slot(13), holdId: id });
    expect(codesOf(refused)).toEqual(['hold-expired']);
    expect(refused.json()).toMatchObject({ nextFreeSlots: [slot(13), slot(13, '10:30'), slot(13, '11:00')] });
    expect((await book(world, { ...who, slotStart: slot(13) })).statusCode).toBe(201);
  });

  it("is refused for another slot, visit type, practitioner or patient of the caller's", async () => {
    const who = await addPeople(world);
    const { id } = await held(world, { ...who, slotStart: slot(14) });
    const elsewhere = await addPractice(world.admin);
    for (const wish of [
      { ...who, slotStart: slot(14, '11:00') },
      { ...who, ...elsewhere, slotStart: slot(14) },
    ]) {
      expect(codesOf(await book(world, { ...wish, holdId: id }))).toEqual(['hold-mismatch']);
    }
    const forOther = { ...who, patientId: await another(), slotStart: slot(14), holdId: id };
    expect(codesOf(await book(world, forOther, { as: OFFICE }))).toEqual(['hold-mismatch']);
  });

  it('does not know the hold of somebody else, nor one that there is not', async () => {
    const who = await addPeople(world);
    const { id } = await held(world, { ...who, slotStart: slot(15) });
    const stranger = await another();
    const answers = [
      await book(world, { ...who, patientId: stranger, slotStart: slot(15), holdId: id }),
      await book(world, { ...who, slotStart: slot(15), holdId: who.patientId }),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([404, 404]);
  });

  it('asks about another booking of the specialty, and replaces it where it is wanted', async () => {
    const specialty = 'ophthalmology';
    const who = await addPeople(world, { specialty });
    const other = await addPractice(world.admin, { specialty });
    const former = await booked(world, { ...other, patientId: who.patientId, slotStart: slot(18) });
    const { id } = await held(world, { ...who, slotStart: slot(16) });
    const wish = { ...who, slotStart: slot(16), holdId: id };
    expect(codesOf(await book(world, wish))).toEqual(['same-specialty']);
    expect((await book(world, { ...wish, sameSpecialty: 'replace' })).statusCode).toBe(201);
    expect(await eventTypes(world, former.id)).toEqual(['booking.created', 'booking.cancelled']);
    const next = { ...other, patientId: await another(), slotStart: slot(18) };
    expect((await book(world, next)).statusCode).toBe(201);
  });
});

describe('DELETE /{country}/holds/{id}', () => {
  it('gives the slot back at once, and again without effect', async () => {
    const who = await addPeople(world);
    const { id } = await held(world, { ...who, slotStart: slot(20) });
    const wish = { ...who, patientId: await another(), slotStart: slot(20) };
    expect(codesOf(await book(world, wish))).toEqual(['slot-taken']);
    const answers = [
      await remove(world, `/fr/holds/${id}`, asPatient(who.patientId)),
      await remove(world, `/fr/holds/${id}`, asPatient(who.patientId)),
    ];
    expect(answers.map(({ statusCode, body }) => [statusCode, body])).toEqual([
      [204, ''],
      [204, ''],
    ]);
    expect(await eventTypes(world, id)).toEqual(['booking.held', 'booking.released']);
    expect((await book(world, wish)).statusCode).toBe(201);
  });

  it('gives nothing back that is confirmed, of somebody else or not there', async () => {
    const who = await addPeople(world);
    const { id } = await held(world, { ...who, slotStart: slot(21) });
    const strangers = await remove(world, `/fr/holds/${id}`, asPatient(await another()));
    await booked(world, { ...who, slotStart: slot(21), holdId: id });
    const confirmed = await remove(world, `/fr/holds/${id}`, asPatient(who.patientId));
    const unknown = await remove(world, `/fr/holds/${who.patientId}`, asPatient(who.patientId));
    expect([strangers, confirmed, unknown].map(({ statusCode }) => statusCode)).toEqual([404, 409, 404]);
    expect((await get(world, `/fr/bookings/${id}`, OFFICE)).json()).toMatchObject({ status: 'confirmed' });
  });

  it('either gives a hold back or confirms it, where both are asked for at once', async () => {
    const who = await addPeople(world);
    const { id } = await held(world, { ...who, slotStart: slot(22) });
    const [confirmed, released] = await Promise.all([
      book(world, { ...who, slotStart: slot(22), holdId: id }),
      remove(world, `/fr/holds/${id}`, asPatient(who.patientId)),
    ]);
    expect([
      [201, 409],
      [409, 204],
    ]).toContainEqual([confirmed.statusCode, released.statusCode]);
  });
});
