import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { addPatient, addProxy } from '../../support/practices.ts';
import {
  addPeople,
  asPatient,
  asPractitioner,
  booked,
  type BookingWorld,
  get,
  held,
  OFFICE,
  openBookingWorld,
  slot,
} from './booking-world.ts';

describe('GET /{country}/bookings/{id}', () => {
  let world: BookingWorld;
  beforeAll(async () => {
    world = await openBookingWorld();
  });
  afterAll(() => world.close());

  it('shows a booking to its patient, those who act for them, its practitioner and the office', async () => {
    const who = await addPeople(world);
    const guardian = await addPatient(world.admin);
    await addProxy(world.admin, who.patientId, guardian);
    const booking = await booked(world, { ...who, slotStart: slot(3) });
    const readers = [asPatient(who.patientId), asPatient(guardian), asPractitioner(who.practitionerId), OFFICE];
    for (const reader of readers) {
      const response = await get(world, `/fr/bookings/${booking.id}`, reader);
      expect([response.statusCode, response.json()]).toEqual([200, booking]);
      expect(response.headers['etag']).toBe('"1"');
    }
  });

  it('answers the same for what is not there, of another country and of other people', async () => {
    const who = await addPeople(world);
    const { id } = await booked(world, { ...who, slotStart: slot(4) });
    const stranger = asPatient(await addPatient(world.admin));
    const answers = [
      await get(world, `/fr/bookings/${randomUUID()}`, asPatient(who.patientId)),
      await get(world, `/fr/bookings/${id}`, stranger),
      await get(world, `/fr/bookings/${id}`, asPractitioner(randomUUID())),
      await get(world, `/fr/bookings/${id}`, 'patient somebody-without-a-record'),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([404, 404, 404, 404]);
    const abroad = await get(world, `/de/bookings/${id}`, asPatient(who.patientId));
    expect(abroad.statusCode).toBe(403);
  });

  it('shows a hold as held', async () => {
    const who = await addPeople(world);
    const { id } = await held(world, { ...who, slotStart: slot(5) });
    const response = await get(world, `/fr/bookings/${id}`, asPatient(who.patientId));
    expect(response.json()).toMatchObject({ id, status: 'held', version: 1 });
  });

  it('finds a booking whose id is written in capitals', async () => {
    const who = await addPeople(world);
    const { id } = await booked(world, { ...who, slotStart: slot(6) });
    const response = await get(world, `/fr/bookings/${id.toUpperCase()}`, asPatient(who.patientId));
    expect(response.json()).toMatchObject({ id });
  });
});
