import { and, eq, isNull } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { bookingOutbox, bookings } from '../../../shared/db/schema/booking.ts';
import { addPatient } from '../../support/practices.ts';
import type { TestDatabase } from '../../support/services/database.ts';
import { createRedisDatabase } from '../../support/services/redis-database.ts';
import { until } from '../../support/until.ts';
import {
  addPeople,
  asPatient,
  book,
  booked,
  type BookingWorld,
  codesOf,
  get,
  openBookingWorld,
  post,
  publishedTypes,
  slot,
  storedBookings,
  storedEvents,
} from './booking-world.ts';
import { type Proxy, startProxy } from './proxy.ts';

type Ways = { booking: Proxy; practitioner: Proxy; patient: Proxy; redis: Proxy; eventLog: Proxy };

let ways: Ways;
let world: BookingWorld;

async function throughProxies(database: TestDatabase): Promise<Record<string, string>> {
  const [booking, practitioner, patient, redis, eventLog] = await Promise.all([
    startProxy(database.urlFor('careflow_booking')),
    startProxy(database.urlFor('careflow_practitioner_reader')),
    startProxy(database.urlFor('careflow_patient_reader')),
    startProxy(await createRedisDatabase()),
    startProxy(database.url),
  ]);
  ways = { booking, practitioner, patient, redis, eventLog };
  return {
    DATABASE_URL_BOOKING: booking.url,
    DATABASE_URL_PRACTITIONER_READER: practitioner.url,
    DATABASE_URL_PATIENT_READER: patient.url,
    REDIS_URL: redis.url,
    EVENT_LOG_URL: eventLog.url,
    LOOKUP_KEEP_MS: '1',
  };
}

beforeAll(async () => {
  world = await openBookingWorld(throughProxies);
});
afterEach(async () => {
  await Promise.all(Object.values(ways).map((way) => way.mend()));
});
afterAll(async () => {
  await world.close();
  await Promise.all(Object.values(ways).map((way) => way.close()));
});

describe.each(['booking', 'practitioner', 'patient'] as const)('while the database of %s is away', (which) => {
  it('answers 503 and when to come back, and books again when it is', async () => {
    const who = await addPeople(world);
    await booked(world, { ...who, slotStart: slot(3) });
    await ways[which].cut();
    const wish = { ...who, patientId: await addPatient(world.admin), slotStart: slot(4) };
    const refused = await book(world, wish);
    expect(refused.statusCode).toBe(503);
    expect(refused.headers['retry-after']).toBe('5');
    expect(refused.json()).toMatchObject({ code: 'unavailable', detail: 'the database does not answer' });
    expect((await world.app.inject('/health/ready')).json()).toMatchObject({ failing: [which] });
    await ways[which].mend();
    expect((await book(world, wish)).statusCode).toBe(201);
  });
});

describe('a database that goes away under load', () => {
  it('answers nothing but what is true, and loses and doubles nothing', async () => {
    const who = await addPeople(world);
    const patients = await Promise.all(Array.from({ length: 60 }, () => addPatient(world.admin)));
    const wishes = patients.map((patientId, place) => ({
      body: {
        ...who,
        patientId,
        slotStart: slot(30 + Math.floor(place / 12), `${8 + (place % 12)}:00`.padStart(5, '0')),
      },
      headers: { 'idempotency-key': 'under-load' },
    }));
    const ofPractitioner = eq(bookings.practitionerId, who.practitionerId);
    const asked = wishes.map(({ body, headers }) => book(world, body, { headers }));
    await until(async () => (await storedBookings(world, ofPractitioner)).length > 5, { what: 'some bookings' });
    await ways.booking.cut();
    const answers = await Promise.all(asked);
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([201, 503]));
    await ways.booking.mend();
    const retried = await Promise.all(wishes.map(({ body, headers }) => book(world, body, { headers })));
    expect(new Set(retried.map(({ statusCode }) => statusCode))).toEqual(new Set([201]));
    const stored = await storedBookings(world, ofPractitioner);
    const told = (await storedEvents(world)).filter(({ partitionkey }) => partitionkey === who.practitionerId);
    expect([stored.length, told.length]).toEqual([60, 60]);
    expect(new Set(told.map(({ subject }) => subject))).toEqual(new Set(stored.map(({ id }) => id)));
  });
});

describe.each(['cut off', 'silent'] as const)('while Redis is %s', (how) => {
  it('books, refuses, cancels and books again as ever', async () => {
    const who = await addPeople(world);
    const next = { ...who, patientId: await addPatient(world.admin), slotStart: slot(6) };
    if (how === 'cut off') await ways.redis.cut();
    else ways.redis.stall();
    const booking = await booked(world, { ...who, slotStart: slot(6) });
    expect(codesOf(await book(world, next))).toEqual(['slot-taken']);
    await post(world, `/fr/bookings/${booking.id}/cancel`, { as: asPatient(who.patientId) });
    expect((await book(world, next)).statusCode).toBe(201);
    expect((await get(world, `/fr/bookings/${booking.id}`, asPatient(who.patientId))).statusCode).toBe(200);
  });
});

describe('while the event log is away', () => {
  it('books, and sends in order what it could not when it is back', async () => {
    const who = await addPeople(world);
    await ways.eventLog.cut();
    const booking = await booked(world, { ...who, slotStart: slot(7) });
    await ways.eventLog.mend();
    await post(world, `/fr/bookings/${booking.id}/cancel`, { as: asPatient(who.patientId) });
    const types = ['careflow.booking.created.v1', 'careflow.booking.cancelled.v1'];
    const published = async () => (await publishedTypes(world, booking.id)).join() === types.join();
    await until(published, { what: 'both events, once each' });
    const ofPractitioner = eq(bookingOutbox.partitionKey, who.practitionerId);
    const unsent = async () => world.admin.$count(bookingOutbox, and(ofPractitioner, isNull(bookingOutbox.sentAt)));
    await until(async () => (await unsent()) === 0, { what: 'both events to be marked' });
  });
});
