import { randomBytes, randomUUID } from 'node:crypto';

import { sql } from 'drizzle-orm';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { expect } from 'vitest';

import { open } from '../../../functions/customer/index.ts';
import { openSeals, type Seals } from '../../../functions/seals.ts';
import type { AnyEvent, EventContract, EventOf } from '../../../schemas/events/contract.ts';
import { connectDatabase, type Database } from '../../../shared/db/client.ts';
import { patientOutbox } from '../../../shared/db/schema/account.ts';
import { type Caller, roles } from '../../../shared/domain/caller.ts';
import { AppError } from '../../../shared/errors.ts';
import type { EventLog } from '../../../shared/events/event-log.ts';
import { openEventLog } from '../../../shared/events/open-event-log.ts';
import { createLog } from '../../../shared/runtime/log.ts';
import { buildServer } from '../../../shared/runtime/server.ts';
import { connectAdmin } from '../../support/practices.ts';
import { createDatabase, type TestDatabase } from '../../support/services/database.ts';
import { createRedisDatabase } from '../../support/services/redis-database.ts';

export type CustomerWorld = {
  readonly admin: Database;
  /** The patient context, over its own role. */
  readonly db: Database;
  readonly app: FastifyInstance;
  readonly eventLog: EventLog;
  readonly seals: Seals;
  /** Every line that the function logged. */
  readonly logged: () => readonly string[];
  close(): Promise<void>;
};

export type Send = { readonly as: string; readonly body?: object; readonly headers?: Record<string, string> };

const TOPIC = 'customer-events';
export const secret = randomBytes(32);

/** The customer function on a database and a Redis of the test file's own; events go to the embedded log. */
export async function openCustomerWorld(
  settings: (database: TestDatabase) => Record<string, string> | Promise<Record<string, string>> = () => ({}),
): Promise<CustomerWorld> {
  const [database, redisUrl] = await Promise.all([createDatabase(), createRedisDatabase()]);
  const environment = {
    DATABASE_URL_PATIENT: database.urlFor('careflow_patient'),
    SUBJECT_KEYS_SECRET: secret.toString('base64url'),
    REDIS_URL: redisUrl,
    EVENT_LOG_URL: database.url,
    OIDC_ISSUER: 'http://issuer.test',
    OIDC_JWKS_URL: 'http://issuer.test/jwks',
    RATE_LIMIT_SUBJECT: '1000000',
    RATE_LIMIT_ADDRESS: '1000000',
    ...(await settings(database)),
  };
  const logged: string[] = [];
  const log = createLog({ name: 'customer', level: 'debug' }, { write: (line) => void logged.push(line) });
  const eventLog = openEventLog(database.url, { clientId: 'test' });
  await eventLog.ensureTopics([{ name: TOPIC, partitions: 3 }]);
  const fn = await open(environment, log);
  const app = buildServer({ ...fn, authenticate }, { log });
  const admin = connectAdmin(database.url);
  const db = connectDatabase(database.urlFor('careflow_patient'), { applicationName: 'test' });
  return {
    admin,
    db,
    app,
    eventLog,
    seals: openSeals(secret),
    logged: () => logged,
    async close() {
      await app.close();
      await Promise.all([fn.close(), eventLog.close(), admin.$client.end(), db.$client.end()]);
      await database.drop();
    },
  };
}

const SCOPES = ['account:read', 'account:write', 'orders:read', 'orders:write'];

/** `<role> <subject>` stands for a verified token; tokens themselves are tested with shared/identity. */
async function authenticate(authorization: string | undefined): Promise<Caller> {
  const [role = '', subject] = (authorization ?? '').split(' ');
  const named = roles.filter((known) => known === role);
  if (named.length === 0 || subject === undefined) throw new AppError('unauthenticated', 'no token');
  const country = named.includes('staff') ? 'fr' : undefined;
  return { subject, roles: named, scopes: SCOPES, country };
}

export const OFFICE = 'staff office';

export function asPatient(id: string): string {
  return `patient ${id}`;
}

export const profile = {
  givenName: 'Camille',
  familyName: 'Moreau',
  birthDate: '1985-04-12',
  sex: 'female',
  timeZone: 'Europe/Paris',
  email: 'camille.moreau@example.com',
  phone: '+33639980001',
} as const;

/** What nothing but the patient's own answers may show. */
export const personal = ['Camille', 'Moreau', 'camille.moreau', '33639980001'] as const;

/** Asks, with a body or without. */
export async function ask(
  { app }: Pick<CustomerWorld, 'app'>,
  what: `${'GET' | 'PUT' | 'POST' | 'DELETE'} ${string}`,
  { as, body, headers }: Send,
): Promise<LightMyRequestResponse> {
  const [method, url] = what.split(' ') as ['GET' | 'PUT' | 'POST' | 'DELETE', string];
  return app.inject({
    method,
    url,
    headers: { ...headers, authorization: as },
    ...(body && { payload: body }),
  });
}

/** Somebody new with an account and a profile, opened through the door. */
export async function addCustomer(world: CustomerWorld, country = 'fr'): Promise<string> {
  const id = randomUUID();
  const { statusCode } = await ask(world, `PUT /${country}/me`, { as: asPatient(id), body: profile });
  expect(statusCode).toBe(200);
  return id;
}

/** An event as its contract describes it, with an id of its own. */
export function eventOf<Contract extends EventContract>(
  contract: Contract,
  data: EventOf<Contract>['data'],
  attributes: Partial<AnyEvent> = {},
): AnyEvent {
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: contract.source ?? '/test',
    type: contract.type,
    time: Temporal.Now.instant().toString(),
    datacontenttype: 'application/json',
    data,
    ...attributes,
  };
}

/** Delivers an event as Knative does. */
export async function deliver({ app }: Pick<CustomerWorld, 'app'>, event: AnyEvent): Promise<LightMyRequestResponse> {
  return app.inject({
    method: 'POST',
    url: '/events',
    headers: { 'content-type': 'application/cloudevents+json' },
    payload: JSON.stringify(event),
  });
}

/** Delivers an event that must be taken. */
export async function taken(world: Pick<CustomerWorld, 'app'>, event: AnyEvent): Promise<void> {
  const { statusCode, payload } = await deliver(world, event);
  expect([statusCode, payload]).toEqual([204, '']);
}

/** The events committed so far about a customer, in their order. */
export async function eventsOf({ admin }: CustomerWorld, customerId: string): Promise<AnyEvent[]> {
  const rows = await admin
    .select({ event: patientOutbox.event })
    .from(patientOutbox)
    .where(sql`${patientOutbox.partitionKey} = ${customerId}`)
    .orderBy(patientOutbox.seq);
  return rows.map(({ event }) => event);
}

/** Their types without what all have in common. */
export async function typesOf(world: CustomerWorld, customerId: string): Promise<string[]> {
  return (await eventsOf(world, customerId)).map(({ type }) => type.replace(/^careflow\.|\.v1$/g, ''));
}

/** The ids of the published events about a customer, in their order. */
export async function publishedIds({ eventLog }: CustomerWorld, customerId: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { key, headers } of eventLog.read(TOPIC)) {
    if (key === customerId && headers['ce_id']) ids.push(headers['ce_id']);
  }
  return ids;
}

export function statusesOf(answers: readonly LightMyRequestResponse[]): number[] {
  return answers.map(({ statusCode }) => statusCode).toSorted((one, other) => one - other);
}
