import { createHash, generateKeyPairSync, type KeyObject, randomBytes, randomUUID, sign } from 'node:crypto';

import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';

import { routesOf } from '../../../functions/homekit/routes.ts';
import { subscriptionsOf } from '../../../functions/homekit/subscriptions.ts';
import { findAnswer } from '../../../functions/homekit/answers.ts';
import type { AnyEvent } from '../../../schemas/events/contract.ts';
import { connectDatabase, type Database } from '../../../shared/db/client.ts';
import { lots, testKits, testProducts } from '../../../shared/db/schema/homekit.ts';
import { patients } from '../../../shared/db/schema/patient.ts';
import { type Caller, roles } from '../../../shared/domain/caller.ts';
import { writeKitCode } from '../../../shared/domain/kit-code.ts';
import { AppError } from '../../../shared/errors.ts';
import { keysOfNonce, rawKey } from '../../../shared/identity/device-proof.ts';
import { buildServer } from '../../../shared/runtime/server.ts';
import { connectAdmin } from '../../support/practices.ts';
import { createDatabase, type TestDatabase } from '../../support/services/database.ts';
import { writeSetupPayload } from '../../support/setup-payload.ts';
import { requestOf } from '../event-request.ts';

export const MORNING = '2030-06-03T09:00:00Z';
export const OFFICE = 'staff office';

export type HomekitWorld = Awaited<ReturnType<typeof openHomekitWorld>>;
type Urls = { readonly homekit: string; readonly patientReader: string };

/** The function on a database of the test file's own; the clock stands still until it is set. */
export async function openHomekitWorld(urlsOf: (database: TestDatabase) => Promise<Urls> = directly) {
  const database = await createDatabase();
  const urls = await urlsOf(database);
  const admin = connectAdmin(database.url);
  let time = Temporal.Instant.from(MORNING);
  const now = () => time;
  const db = connectDatabase(urls.homekit, { applicationName: 'homekit' });
  const readers = connectDatabase(urls.patientReader, { applicationName: 'homekit' });
  const app = serve(db, readers, now);

  async function rows<Row>(query: string, values: unknown[] = []): Promise<Row[]> {
    return (await admin.$client.query(query, values)).rows;
  }

  /** The events of a topic that are still in the outbox, in the order they were written. */
  async function outgoing(topic: string): Promise<AnyEvent[]> {
    const events = await rows<{ event: AnyEvent }>('SELECT event FROM homekit.outbox WHERE topic = $1 ORDER BY seq', [
      topic,
    ]);
    return events.map(({ event }) => event);
  }

  async function deliver(event: AnyEvent): Promise<number> {
    return (await app.inject(requestOf(event))).statusCode;
  }

  return {
    admin,
    app,
    database,
    rows,
    deliver,
    now,
    pass: (duration: Temporal.DurationLike) => {
      time = time.add(duration);
    },
    setTime: (text: string) => {
      time = Temporal.Instant.from(text);
    },
    requests: () => outgoing('homekit-registrations'),

    /** What was told of a device, a kit or a registration: the data of each event, with its type's noun and verb. */
    async told(subject: string): Promise<Record<string, unknown>[]> {
      const events = await outgoing('homekit-events');
      return events
        .filter((event) => event.subject === subject)
        .map(({ type, data }) => ({ type: type.replace(/^careflow\.|\.v1$/g, ''), ...Object(data) }));
    },

    /** Delivers every request that nobody has seen to, as the KafkaSource does. @returns the answers. */
    async pump(): Promise<number[]> {
      const open = await rows<{ event: AnyEvent }>(
        `WITH open AS (
          UPDATE homekit.outbox SET sent_at = now() WHERE sent_at IS NULL AND topic = 'homekit-registrations'
          RETURNING event, seq
        ) SELECT event FROM open ORDER BY seq`,
      );
      const statuses: number[] = [];
      for (const { event } of open) statuses.push(await deliver(event));
      return statuses;
    },

    async close() {
      await app.close();
      await Promise.all([admin, db, readers].map(({ $client }) => $client.end()));
      await database.drop();
    },
  };
}

async function directly(database: TestDatabase): Promise<Urls> {
  return { homekit: database.urlFor('careflow_homekit'), patientReader: database.urlFor('careflow_patient_reader') };
}

function serve(db: Database, readers: Database, now: () => Temporal.Instant): FastifyInstance {
  const deps = { db, patients: readers, publish: () => undefined, now };
  return buildServer(
    {
      name: 'homekit',
      routes: routesOf(deps),
      subscriptions: subscriptionsOf(deps),
      authenticate,
      findAnswer: (claim) => findAnswer(db, claim),
      dependencies: {},
      close: async () => undefined,
    },
    { log: pino({ level: 'silent' }) },
  );
}

/** `<role>[:<country>] <subject>` stands for a verified token. */
async function authenticate(authorization: string | undefined): Promise<Caller> {
  const [named = '', subject] = (authorization ?? '').split(' ');
  const [name, country = 'fr'] = named.split(':');
  const role = roles.find((known) => known === name);
  if (role === undefined || subject === undefined) throw new AppError('unauthenticated', 'no token');
  return { subject, roles: [role], scopes: ['homekit:read', 'homekit:write'], country };
}

export function asPatient(id: string, country = 'fr'): string {
  return `patient:${country} ${id}`;
}

type Send = { readonly as: string; readonly body?: object; readonly headers?: Record<string, string> };
type Sender = Pick<HomekitWorld, 'app'>;

export async function post(
  { app }: Sender,
  path: string,
  { as, body, headers }: Send,
): Promise<LightMyRequestResponse> {
  const payload = body === undefined ? {} : { payload: body };
  return app.inject({
    method: 'POST',
    url: `/fr/homekit/${path}`,
    ...payload,
    headers: { ...headers, authorization: as },
  });
}

export async function get({ app }: Sender, path: string, as: string): Promise<LightMyRequestResponse> {
  return app.inject({ method: 'GET', url: `/fr/homekit/${path}`, headers: { authorization: as } });
}

export async function remove(
  { app }: Sender,
  path: string,
  as: string,
  headers: Record<string, string> = {},
): Promise<LightMyRequestResponse> {
  return app.inject({ method: 'DELETE', url: `/fr/homekit/${path}`, headers: { ...headers, authorization: as } });
}

type Someone = { readonly country?: string; readonly birthDate?: string; readonly sex?: 'female' | 'male' };

export async function addPerson(
  { admin }: Pick<HomekitWorld, 'admin'>,
  { country = 'fr', birthDate = '1990-01-01', sex = 'female' }: Someone = {},
): Promise<string> {
  const id = randomUUID();
  const name = { givenName: 'Anna', familyName: 'Secret' };
  await admin.insert(patients).values({ id, country, ...name, birthDate, sex, timeZone: 'Europe/Paris' });
  return id;
}

/** An accessory as far as the cloud meets it: it signs in pair-verify, and its label has a payload. */
export class Accessory {
  readonly model: string = 'Scale 1';
  readonly serialNumber: string = randomUUID();
  readonly pairingId: string = [...randomBytes(6)]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join(':')
    .toUpperCase();
  #keys = generateKeyPairSync('ed25519');

  get ltpk(): string {
    return rawKey(this.#keys.publicKey).toString('hex');
  }

  /** What the registration of it asks for. */
  wish(patientId: string) {
    const { model, serialNumber, ltpk, pairingId } = this;
    return { patientId, setupPayload: payload(51_808_582), model, serialNumber, ltpk, pairingId };
  }

  /** A factory reset gives it a new key. */
  reset(): void {
    this.#keys = generateKeyPairSync('ed25519');
  }

  prove(deviceId: string, nonce: string, key: KeyObject = this.#keys.privateKey) {
    const accessoryKey = randomBytes(32);
    const signed = Buffer.concat([accessoryKey, Buffer.from(this.pairingId), keysOfNonce(nonce, deviceId).publicKey]);
    return { nonce, accessoryKey: accessoryKey.toString('hex'), signature: sign(null, signed, key).toString('hex') };
  }

  proveWithAnotherKey(deviceId: string, nonce: string) {
    return this.prove(deviceId, nonce, generateKeyPairSync('ed25519').privateKey);
  }
}

export function payload(setupCode: number): string {
  const reach = { ip: true, ble: false, wac: false, paired: false };
  return writeSetupPayload({ setupCode, category: 5, ...reach, version: 0, setupId: '7OSX' });
}

type NewKit = Partial<typeof testProducts.$inferInsert> &
  Partial<Pick<typeof testKits.$inferInsert, 'country' | 'orderId' | 'status'>> & { readonly expiresOn?: string };

export type Kit = { readonly id: string; readonly code: string; readonly barcode: string };

/** A kit that was delivered, of a product and a lot of its own. */
export async function addKit(
  { admin }: Pick<HomekitWorld, 'admin'>,
  { country = 'fr', orderId = null, status = 'delivered', expiresOn = '2031-12-31', ...product }: NewKit = {},
): Promise<Kit> {
  const id = randomUUID();
  const rule = {
    minAge: 18,
    maxAge: null,
    sexes: null,
    regions: ['fr'],
    consentVersion: '2030-03',
    stabilityHours: 72,
  };
  await admin.insert(testProducts).values({ code: `product-${id}`, ...rule, ...product });
  const lot = { number: `lot-${id}`, productCode: product.code ?? `product-${id}` };
  await admin.insert(lots).values({ ...lot, expiresOn: Temporal.PlainDate.from(expiresOn) });
  const code = writeKitCode(createHash('sha256').update(id).digest('hex').slice(0, 11).toUpperCase());
  const barcode = `S-${id}`;
  await admin
    .insert(testKits)
    .values({ id, country, code, sampleBarcode: barcode, lotNumber: lot.number, orderId, status });
  return { id, code, barcode };
}

/** Registers a kit for somebody, and has it seen to. @returns the registration's id. */
export async function registerKit(world: HomekitWorld, kit: Kit, patientId: string): Promise<string> {
  const body = { patientId, kitCode: kit.code, consentVersion: '2030-03' };
  const { id } = (await post(world, 'test-kits', { as: asPatient(patientId), body })).json<{ id: string }>();
  await world.pump();
  return id;
}

type Device = {
  readonly status: string;
  readonly version: number;
  readonly challenge: { readonly nonce: string } | null;
  readonly rejection: object | null;
  readonly proof: { readonly failures: number; readonly retryAt: string | null; readonly lastRefusal: string | null };
};

export async function readDevice(world: HomekitWorld, id: string, as: string): Promise<Device> {
  return (await get(world, `devices/${id}`, as)).json<Device>();
}

/** Asks for an accessory to be registered, and has it seen to. @returns the device's id. */
export async function submitDevice(world: HomekitWorld, accessory: Accessory, ownerId: string): Promise<string> {
  const answer = await post(world, 'devices', { as: asPatient(ownerId), body: accessory.wish(ownerId) });
  await world.pump();
  return answer.json<{ id: string }>().id;
}

export async function nonceOf(world: HomekitWorld, id: string, ownerId: string): Promise<string> {
  return (await readDevice(world, id, asPatient(ownerId))).challenge?.nonce ?? 'none';
}

/** Registers an accessory with its proof. @returns the device's id. */
export async function registerAccessory(world: HomekitWorld, accessory: Accessory, ownerId: string): Promise<string> {
  const id = await submitDevice(world, accessory, ownerId);
  const body = accessory.prove(id, await nonceOf(world, id, ownerId));
  await post(world, `devices/${id}/proof`, { as: asPatient(ownerId), body });
  await world.pump();
  return id;
}
