import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { asc } from 'drizzle-orm';

import { open } from '../../../functions/booking/index.ts';
import type { Database } from '../../../shared/db/client.ts';
import { bookingOutbox, bookings } from '../../../shared/db/schema/booking.ts';
import { type Caller, roles } from '../../../shared/domain/caller.ts';
import { AppError } from '../../../shared/errors.ts';
import { createLog } from '../../../shared/runtime/log.ts';
import { buildServer } from '../../../shared/runtime/server.ts';
import { connectAdmin } from '../../support/practices.ts';
import { createDatabase, type TestDatabase } from '../../support/services/database.ts';
import { createRedisDatabase } from '../../support/services/redis-database.ts';

export type BookingWorld = {
  readonly admin: Database;
  readonly app: FastifyInstance;
  readonly redisUrl: string;
  close(): Promise<void>;
};

export type Send = { as: string; body?: object; headers?: Record<string, string> };

/** The booking function on a database and a Redis of the test file's own; events go to the embedded log. */
export async function openBookingWorld(settings: Record<string, string> = {}): Promise<BookingWorld> {
  const [database, redisUrl] = await Promise.all([createDatabase(), createRedisDatabase()]);
  const environment = { ...environmentOf(database, redisUrl), ...settings };
  const log = createLog({ name: 'booking', level: 'fatal' });
  const fn = await open(environment, log);
  const app = buildServer({ ...fn, authenticate }, { log });
  const admin = connectAdmin(database.url);
  return {
    admin,
    app,
    redisUrl: environment.REDIS_URL,
    async close() {
      await app.close();
      await fn.close();
      await admin.$client.end();
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
  };
}

/** `<role> <subject>` stands for a verified token; tokens themselves are tested with shared/identity. */
async function authenticate(authorization: string | undefined): Promise<Caller> {
  const [name, subject] = (authorization ?? '').split(' ');
  const role = roles.find((known) => known === name);
  if (role === undefined || subject === undefined) throw new AppError('unauthenticated', 'no token');
  return { subject, roles: [role], scopes: ['bookings:read', 'bookings:write'], country: 'fr' };
}

export function asPatient(id: string): string {
  return `patient ${id}`;
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

export async function storedBookings(world: BookingWorld) {
  return world.admin.select().from(bookings).orderBy(asc(bookings.createdAt), asc(bookings.id));
}

/** The events committed so far, in the order of their sequence. */
export async function storedEvents(world: BookingWorld) {
  const rows = await world.admin.select().from(bookingOutbox).orderBy(asc(bookingOutbox.seq));
  return rows.map(({ event }) => event);
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
