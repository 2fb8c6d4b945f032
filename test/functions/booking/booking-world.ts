import { asc, eq, type SQL, sql } from 'drizzle-orm';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { Redis } from 'ioredis';
import { expect } from 'vitest';
import type { z } from 'zod';

import { open } from '../../../functions/booking/index.ts';
import { Booking as BookingContract } from '../../../schemas/api/booking.ts';
import type { Database } from '../../../shared/db/client.ts';
import { bookingHistory, bookingOutbox, bookings } from '../../../shared/db/schema/booking.ts';
import { type Caller, roles } from '../../../shared/domain/caller.ts';
import { defaultGrid } from '../../../shared/domain/grid.ts';
import { AppError } from '../../../shared/errors.ts';
import type { EventLog } from '../../../shared/events/event-log.ts';
import { openEventLog } from '../../../shared/events/open-event-log.ts';
import type { AvailabilityBitmap } from '../../../shared/redis/availability-bitmap.ts';
import { createBitmaps } from '../../../shared/redis/availability-bitmaps.ts';
import { createLog } from '../../../shared/runtime/log.ts';
import { buildServer } from '../../../shared/runtime/server.ts';
import { addPatient, addPractice, connectAdmin, type Practice } from '../../support/practices.ts';
import { createDatabase, type TestDatabase } from '../../support/services/database.ts';
import { createRedisDatabase } from '../../support/services/redis-database.ts';

export type Booking = z.infer<typeof BookingContract>;

export type BookingWorld = {
  readonly admin: Database;
  readonly app: FastifyInstance;
  readonly redis: Redis;
  readonly bitmap: AvailabilityBitmap;
  readonly eventLog: EventLog;
  close(): Promise<void>;
};

export type Send = { as: string; body?: object; headers?: Record<string, string> };

/** Who books what with whom; a request's body lacks only its slot. */
export type People = Practice & { patientId: string };

const AVAILABILITY_DAYS = 92;
const TOPIC = 'booking-events';

/** The booking function on a database and a Redis of the test file's own; events go to the embedded log. */
export async function openBookingWorld(
  settings: (database: TestDatabase) => Record<string, string> | Promise<Record<string, string>> = () => ({}),
): Promise<BookingWorld> {
  const [database, redisUrl] = await Promise.all([createDatabase(), createRedisDatabase()]);
  const environment = { ...environmentOf(database, redisUrl), ...(await settings(database)) };
  const log = createLog({ name: 'booking', level: 'fatal' });
  const eventLog = openEventLog(database.url, { clientId: 'test' });
  await eventLog.ensureTopics([{ name: TOPIC, partitions: 3 }]);
  const fn = await open(environment, log);
  const app = buildServer({ ...fn, authenticate }, { log });
  const admin = connectAdmin(database.url);
  const redis = new Redis(environment.REDIS_URL, { lazyConnect: true });
  return {
    admin,
    app,
    redis,
    bitmap: createBitmaps(redis, { gridOf: () => defaultGrid, days: AVAILABILITY_DAYS })('fr'),
    eventLog,
    async close() {
      await app.close();
      await Promise.all([fn.close(), eventLog.close()]);
      await admin.$client.end();
      redis.disconnect();
      await database.drop();
    },
  };
}

function environmentOf(database: TestDatabase, redisUrl: string) {
  return {
    DATABASE_URL_BOOKING: database.urlFor('careflow_booking'),
    DATABASE_URL_PRACTITIONER_READER: database.urlFor('careflow_practitioner_reader'),
    DATABASE_URL_PATIENT_READER: database.urlFor('careflow_patient_reader'),
    REDIS_URL: redisUrl,
    EVENT_LOG_URL: database.url,
    OIDC_ISSUER: 'http://issuer.test',
    OIDC_JWKS_URL: 'http://issuer.test/jwks',
    RATE_LIMIT_SUBJECT: '100000',
    AVAILABILITY_DAYS: `${AVAILABILITY_DAYS}`,
  };
}

/** `<role>[+<role>] <subject>` stands for a verified token; tokens themselves are tested with shared/identity. */
async function authenticate(authorization: string | undefined): Promise<Caller> {
  const [names = '', subject] = (authorization ?? '').split(' ');
  const named = roles.filter((known) => names.split('+').includes(known));
  if (named.length === 0 || subject === undefined) throw new AppError('unauthenticated', 'no token');
  const country = named.includes('admin') ? undefined : 'fr';
  return { subject, roles: named, scopes: ['bookings:read', 'bookings:write'], country };
}

export const OFFICE = 'staff office';

export function asPatient(id: string): string {
  return `patient ${id}`;
}

export function asPractitioner(id: string): string {
  return `practitioner ${id}`;
}

export async function post(
  world: BookingWorld,
  url: string,
  { as, body, headers }: Send,
): Promise<LightMyRequestResponse> {
  return world.app.inject({ method: 'POST', url, payload: body ?? {}, headers: { ...headers, authorization: as } });
}

export async function get(world: BookingWorld, url: string, as: string): Promise<LightMyRequestResponse> {
  return world.app.inject({ method: 'GET', url, headers: { authorization: as } });
}

export async function remove(world: BookingWorld, url: string, as: string): Promise<LightMyRequestResponse> {
  return world.app.inject({ method: 'DELETE', url, headers: { authorization: as } });
}

/** A practitioner of their own with one visit type, and a patient. */
export async function addPeople(world: BookingWorld, visitType?: Parameters<typeof addPractice>[1]): Promise<People> {
  const [practice, patientId] = await Promise.all([addPractice(world.admin, visitType), addPatient(world.admin)]);
  return { ...practice, patientId };
}

/** Asks for a booking, as its patient unless somebody else is named. */
export async function book(
  world: BookingWorld,
  body: { patientId: string; slotStart: string } & Record<string, unknown>,
  { as = asPatient(body.patientId), headers = {} }: { as?: string; headers?: Record<string, string> } = {},
): Promise<LightMyRequestResponse> {
  return post(world, '/fr/bookings', { as, body, headers });
}

/** Books what must be free. */
export async function booked(world: BookingWorld, body: Parameters<typeof book>[1]): Promise<Booking> {
  const response = await book(world, body);
  expect(response.statusCode).toBe(201);
  return BookingContract.parse(response.json());
}

/** Holds what must be free. */
export async function held(
  world: BookingWorld,
  body: { patientId: string; slotStart: string } & Record<string, unknown>,
): Promise<{ id: string; expiresAt: string }> {
  const response = await post(world, '/fr/holds', { as: asPatient(body.patientId), body });
  expect(response.statusCode).toBe(201);
  return response.json();
}

/** Lets the time of a hold be over. */
export async function expire(world: BookingWorld, holdId: string): Promise<void> {
  const holdExpiresAt = Temporal.Now.instant().subtract({ seconds: 1 });
  await world.admin.update(bookings).set({ holdExpiresAt }).where(eq(bookings.id, holdId));
}

/** Lets a visit have begun. */
export async function begin(admin: Database, bookingId: string): Promise<void> {
  const slotStart = Temporal.Now.instant().subtract({ minutes: 10 }).round('millisecond');
  const slotEnd = slotStart.add({ minutes: 30 });
  const times = { slotStart, slotEnd, busyStart: slotStart, busyEnd: slotEnd };
  await admin.update(bookings).set(times).where(eq(bookings.id, bookingId));
}

export async function storedBookings(world: BookingWorld, which?: SQL) {
  return world.admin.select().from(bookings).where(which).orderBy(asc(bookings.createdAt), asc(bookings.id));
}

export async function storedHistory(world: BookingWorld, bookingId: string) {
  return world.admin
    .select()
    .from(bookingHistory)
    .where(eq(bookingHistory.bookingId, bookingId))
    .orderBy(asc(bookingHistory.version));
}

/** The events committed so far, of one booking or of all, in the order of their sequence. */
export async function storedEvents(world: BookingWorld, bookingId?: string) {
  const ofBooking = bookingId === undefined ? undefined : sql`${bookingOutbox.event} ->> 'subject' = ${bookingId}`;
  const rows = await world.admin.select().from(bookingOutbox).where(ofBooking).orderBy(asc(bookingOutbox.seq));
  return rows.map(({ event }) => event);
}

export async function eventTypes(world: BookingWorld, bookingId: string): Promise<string[]> {
  return (await storedEvents(world, bookingId)).map(({ type }) => type.replace(/^careflow\.|\.v1$/g, ''));
}

/** The types of the published events about a booking, in their order. */
export async function publishedTypes(world: BookingWorld, bookingId: string): Promise<string[]> {
  const types: string[] = [];
  for await (const { headers } of world.eventLog.read(TOPIC)) {
    if (headers['ce_subject'] === bookingId && headers['ce_type']) types.push(headers['ce_type']);
  }
  return types;
}

/** A start on the grid some days from now, at a wall-clock time of Paris. */
export function slot(days: number, time = '10:00'): string {
  const today = Temporal.Now.plainDateISO('Europe/Paris');
  return today.add({ days }).toZonedDateTime({ timeZone: 'Europe/Paris', plainTime: time }).toInstant().toString();
}

export function codesOf(response: LightMyRequestResponse): string[] {
  const { reasons = [] } = response.json<{ reasons?: { code: string }[] }>();
  return reasons.map(({ code }) => code);
}

/** The statuses of answers to what was asked at once, in ascending order. */
export function statusesOf(answers: readonly LightMyRequestResponse[]): number[] {
  return answers.map(({ statusCode }) => statusCode).toSorted((one, other) => one - other);
}
