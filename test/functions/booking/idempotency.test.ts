import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { bookingIdempotencyKeys } from '../../../shared/db/schema/booking.ts';
import { addPatient } from '../../support/practices.ts';
import {
  addPeople,
  asPatient,
  book,
  type Booking,
  type BookingWorld,
  eventTypes,
  OFFICE,
  openBookingWorld,
  post,
  slot,
} from './booking-world.ts';

describe('an idempotency key', () => {
  let world: BookingWorld;
  beforeAll(async () => {
    world = await openBookingWorld();
  });
  afterAll(() => world.close());

  it('answers each of many twins at once with the one booking that they made', async () => {
    const who = await addPeople(world);
    const headers = { 'idempotency-key': 'twins' };
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => book(world, { ...who, slotStart: slot(3) }, { headers })),
    );
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array.from({ length: 12 }, () => 201));
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    const { id } = answers[0]?.json<Booking>() ?? { id: '' };
    expect(await eventTypes(world, id)).toEqual(['booking.created']);
  });

  it('belongs to who sent it: another subject may use the same', async () => {
    const one = await addPeople(world);
    const other = await addPeople(world);
    const headers = { 'idempotency-key': 'anybody' };
    const answers = [
      await book(world, { ...one, slotStart: slot(4) }, { headers }),
      await book(world, { ...other, slotStart: slot(4) }, { headers }),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201]);
    expect(answers[1]?.json()).toMatchObject(other);
  });

  it('belongs to its operation', async () => {
    const who = await addPeople(world);
    const headers = { 'idempotency-key': 'each-operation' };
    const booking = await book(world, { ...who, slotStart: slot(5) }, { headers });
    const { id } = booking.json<Booking>();
    const cancelled = await post(world, `/fr/bookings/${id}/cancel`, { as: asPatient(who.patientId), headers });
    expect(cancelled.json()).toMatchObject({ id, status: 'cancelled' });
  });

  it('repeats the answer of the day it was used, whatever became of the booking', async () => {
    const who = await addPeople(world);
    const headers = { 'idempotency-key': 'then-cancelled' };
    const first = await book(world, { ...who, slotStart: slot(6) }, { headers });
    await post(world, `/fr/bookings/${first.json<Booking>().id}/cancel`, { as: OFFICE });
    const again = await book(world, { ...who, slotStart: slot(6) }, { headers });
    expect([again.statusCode, again.body]).toEqual([201, first.body]);
    expect(again.headers).toMatchObject({
      'idempotency-replayed': 'true',
      etag: '"1"',
      location: first.headers['location'],
    });
  });

  it('is free again after 24 hours, and not before', async () => {
    const who = await addPeople(world);
    const headers = { 'idempotency-key': 'a-day-old' };
    const first = await book(world, { ...who, slotStart: slot(7) }, { headers });
    await age(world, '23 hours 59 minutes');
    expect((await book(world, { ...who, slotStart: slot(7) }, { headers })).body).toBe(first.body);
    await age(world, '2 minutes');
    const next = await book(world, { ...who, slotStart: slot(14) }, { headers });
    expect([next.statusCode, next.body === first.body]).toEqual([201, false]);
  });

  it('keeps no refusal: what is refused may be asked for again', async () => {
    const who = await addPeople(world);
    const other = await addPatient(world.admin);
    const headers = { 'idempotency-key': 'once-more' };
    const taken = await book(world, { ...who, patientId: other, slotStart: slot(8) });
    expect((await book(world, { ...who, slotStart: slot(8) }, { headers })).statusCode).toBe(409);
    await post(world, `/fr/bookings/${taken.json<Booking>().id}/cancel`, { as: OFFICE });
    expect((await book(world, { ...who, slotStart: slot(8) }, { headers })).statusCode).toBe(201);
  });

  it('makes one booking of two different requests at once, and tells the other', async () => {
    const who = await addPeople(world);
    const headers = { 'idempotency-key': 'two-requests' };
    const answers = await Promise.all(
      ['10:00', '12:00'].map((time) =>
        book(world, { ...who, slotStart: slot(9, time), sameSpecialty: 'keep' }, { headers }),
      ),
    );
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([201, 422]));
  });

  it.each(['', 'with space', 'é', 'x'.repeat(256)])('is refused where it is %j', async (key) => {
    const who = await addPeople(world);
    const headers = { 'idempotency-key': key };
    expect((await book(world, { ...who, slotStart: slot(10) }, { headers })).statusCode).toBe(400);
  });
});

async function age(world: BookingWorld, by: string): Promise<void> {
  await world.admin.$client.query(`UPDATE booking.idempotency_keys SET created_at = created_at - $1::interval`, [by]);
  expect(await world.admin.$count(bookingIdempotencyKeys)).toBeGreaterThan(0);
}
