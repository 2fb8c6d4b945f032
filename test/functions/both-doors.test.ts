import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { workloads } from '../../functions/workloads.ts';
import { readTopics } from '../../infra/local/services/topics.ts';
import { openEventLog } from '../../shared/events/open-event-log.ts';
import { call, type Door, type DoorName, doors, openWithFramework, openWithMain } from '../shared/runtime/doors.ts';
import { addPatient, addPractice } from '../support/practices.ts';
import { until } from '../support/until.ts';
import { Accessory, addKit } from './homekit/world.ts';
import { bundle, submitted, submittedData, submittedEvent } from './lab-results/samples.ts';
import { oru } from './lab-results/world.ts';
import { bearer, openRealWorld, type RealWorld } from './real-functions.ts';

type Sent = {
  readonly method: string;
  readonly path: string;
  readonly as?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};
type Answered = Readonly<Record<string, unknown>> & { readonly status: number };
type Ask = (what: string, sent: Sent) => Promise<string>;
type People = { readonly practitionerId: string; readonly visitTypeId: string; readonly patientId: string };

let world: RealWorld;
beforeAll(async () => {
  world = await openRealWorld();
  const eventLog = openEventLog(world.environment['EVENT_LOG_URL'] ?? '', { clientId: 'test' });
  await eventLog.ensureTopics(await readTopics({ brokers: 1 }));
  await eventLog.close();
});
afterAll(() => world.close());

const limit = 40;

function open(door: DoorName, name: string, settings: Readonly<Record<string, string>> = {}): Promise<Door> {
  const environment = { ...world.environment, LOG_LEVEL: 'warn', ...settings };
  return door === 'fastify' ? openWithMain(name, environment) : openWithFramework(name, environment);
}

async function addPeople(): Promise<People> {
  return { ...(await addPractice(world.admin)), patientId: await addPatient(world.admin) };
}

function slot(time: string): string {
  const day = Temporal.Now.plainDateISO('Europe/Paris').add({ days: 4 });
  return day.toZonedDateTime({ timeZone: 'Europe/Paris', plainTime: time }).toInstant().toString();
}

const json = { 'content-type': 'application/json' };

/** What of an answer must be the same: all but ids, times of expiry and traces. */
function comparable(status: number, headers: Headers, text: string): Answered {
  const masked = (given: string | null) =>
    given
      ?.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<id>')
      .replaceAll(/urn:careflow:trace:[0-9a-f]{32}/g, '<trace>')
      .replaceAll(/"(expiresAt|requestedAt)":"[^"]+"/g, '<expiry>')
      .replaceAll(/"(placedAt|changedAt|startedAt|lastUsedAt)":"[^"]+"/g, '<time>')
      .replaceAll(/"retryAfterSeconds":\d+/g, '<seconds>');
  const names = ['content-type', 'cache-control', 'etag', 'location', 'allow', 'www-authenticate'];
  const told = names.map((name) => [name, masked(headers.get(name))] as const);
  const isThere = ['ratelimit-limit', 'retry-after', 'idempotency-replayed', 'traceparent'];
  const present = isThere.map((name) => [name, headers.has(name)] as const);
  return { status, ...Object.fromEntries(told), ...Object.fromEntries(present), body: masked(text) };
}

/** A body that is announced, or begun, and never ends. */
async function sendEndless(door: Door, authorization: string, announced: number | undefined): Promise<number> {
  const length = announced === undefined ? {} : { 'content-length': String(announced) };
  const headers = { ...json, authorization, ...length };
  const request = httpRequest(`${door.url}/fr/bookings`, { method: 'POST', headers });
  const answered = new Promise<number>((resolve, reject) => {
    request.on('response', (response) => resolve(response.statusCode ?? 0));
    request.on('error', reject);
  });
  request.flushHeaders();
  const piece = ' '.repeat(64 * 1024);
  for (let sent = 0; announced === undefined && sent < 16; sent += 1) request.write(piece);
  const status = await answered;
  request.destroy();
  return status;
}

async function probes(ask: Ask): Promise<void> {
  for (const probe of ['live', 'ready', 'startup']) await ask(probe, { method: 'GET', path: `/health/${probe}` });
  await ask('no such path', { method: 'GET', path: '/nowhere/at/all' });
  await ask('no such method', { method: 'DELETE', path: '/health/live' });
}

/** A token that is good but for belonging to no session. */
function sessionless(subject: string): Promise<string> {
  return bearer(world, { role: 'patient', subject }, { claims: { sid: undefined } });
}

async function bookingStory(ask: Ask, door: Door): Promise<void> {
  const people = await addPeople();
  const as = await bearer(world, { role: 'patient', subject: people.patientId });
  const stranger = await bearer(world, { role: 'patient', subject: randomUUID() });
  const post = (path: string, body: unknown, more: Partial<Sent> = {}): Sent => {
    return { method: 'POST', path, as, body, ...more, headers: { ...json, ...more.headers } };
  };
  const body = { ...people, slotStart: slot('10:00') };
  const keyed = post('/fr/bookings', body, { headers: { 'idempotency-key': randomUUID() } });
  const made: unknown = JSON.parse(await ask('books', keyed));
  expect(made).toMatchObject({ status: 'confirmed', ...people });
  await ask('books again', keyed);
  const id = /"id":"([^"]+)"/.exec(JSON.stringify(made))?.[1] ?? '';
  await ask('taken', post('/fr/bookings', body));
  await ask('reads', { method: 'GET', path: `/fr/bookings/${id}`, as });
  await ask('lists', { method: 'GET', path: `/fr/bookings?patientId=${people.patientId}`, as });
  await ask('no token', { method: 'GET', path: `/fr/bookings/${id}` });
  await ask('a bad token', { method: 'GET', path: `/fr/bookings/${id}`, as: `${as}x` });
  await ask('no session', { method: 'GET', path: `/fr/bookings/${id}`, as: await sessionless(people.patientId) });
  await ask('a stranger', { method: 'GET', path: `/fr/bookings/${id}`, as: stranger });
  await ask('another country', { method: 'GET', path: `/de/bookings/${id}`, as });
  await ask('faults', post('/fr/bookings', { ...body, slotStart: 'soon', more: 1 }));
  await ask('malformed', post('/fr/bookings', '{"'));
  await ask('media type', post('/fr/bookings', 'x', { headers: { 'content-type': 'text/plain' } }));
  await ask('huge', post('/fr/bookings', { text: 'x'.repeat(300_000) }));
  await ask('method', { method: 'PATCH', path: `/fr/bookings/${id}`, as });
  const stale = { headers: { 'if-match': '"7"' } };
  await ask('stale', post(`/fr/bookings/${id}/reschedule`, { slotStart: slot('11:00') }, stale));
  await ask('moves', post(`/fr/bookings/${id}/reschedule`, { slotStart: slot('11:00') }));
  await ask('cancels', post(`/fr/bookings/${id}/cancel`, { reason: 'moved house' }));
  const held: unknown = JSON.parse(await ask('holds', post('/fr/holds', { ...people, slotStart: slot('15:00') })));
  const holdId = /"id":"([^"]+)"/.exec(JSON.stringify(held))?.[1] ?? '';
  await ask('gives back', { method: 'DELETE', path: `/fr/holds/${holdId}`, as });
  for (let asked = 0; asked <= limit; asked += 1) {
    await call(door, 'GET', '/fr/bookings', { headers: { authorization: stranger } });
  }
  await ask('too often', { method: 'GET', path: '/fr/bookings', as: stranger });
  expect(await sendEndless(door, as, 2 ** 30)).toBe(413);
  expect(await sendEndless(door, as, undefined)).toBe(413);
}

const bookingStatuses = [
  201, 201, 409, 200, 200, 401, 401, 401, 404, 403, 400, 400, 415, 413, 405, 412, 200, 200, 201, 204, 429,
];

async function eventStory(ask: Ask, type: string, source: string, data: object): Promise<void> {
  const attributes = { specversion: '1.0', id: randomUUID(), type, source, time: Temporal.Now.instant().toString() };
  const binary = (more: Readonly<Record<string, string>> = {}) => {
    const all = Object.entries({ ...attributes, ...more }).map(([name, value]) => [`ce-${name}`, value]);
    return { ...json, ...Object.fromEntries(all) };
  };
  const structured = { 'content-type': 'application/cloudevents+json' };
  const event = (path: string, headers: Readonly<Record<string, string>>, body?: unknown) =>
    ask(`event at ${path}`, { method: 'POST', path, headers, body });
  await event('/events', binary(), data);
  await event('/', binary(), data);
  await event('/events', structured, { ...attributes, data });
  await event('/events', { 'content-type': 'application/cloudevents-batch+json' }, [{ ...attributes, data }]);
  await event('/events', binary(), { ...data, more: 1 });
  await event('/events', binary({ type: 'careflow.unknown.v1' }), data);
  await event('/events', binary({ time: 'soon' }), data);
  await event('/events', binary());
  await event('/events', structured, '{"');
  await event('/events', json, '{}');
  await event('/events', binary(), { text: 'x'.repeat(2_000_000) });
  await ask('reads events', { method: 'GET', path: '/events' });
}

const eventStatuses = [204, 204, 204, 204, 422, 422, 400, 422, 400, 400, 413, 405];

async function bookingCreated(): Promise<object> {
  const [slotStart, slotEnd] = [slot('10:00'), slot('10:30')];
  const times = { slotStart, slotEnd, busyStart: slotStart, busyEnd: slotEnd };
  return { ...(await addPeople()), ...times, bookingId: randomUUID(), version: 1, country: 'fr' };
}

async function availabilityStory(ask: Ask): Promise<void> {
  const { practitionerId, patientId } = await addPeople();
  const as = await bearer(world, { role: 'patient', subject: patientId });
  const path = `/fr/practitioners/${practitionerId}/availability`;
  await ask('one', { method: 'GET', path: `${path}?days=2`, as });
  await ask('many', { method: 'GET', path: `/fr/availability?practitionerIds=${practitionerId}&days=1`, as });
  await ask('faults', { method: 'GET', path: `${path}?days=0&from=2031-02-30`, as });
  await ask('unknown', { method: 'GET', path: `/fr/practitioners/${randomUUID()}/availability`, as });
  await ask('no token', { method: 'GET', path });
  await eventStory(ask, 'careflow.booking.created.v1', '/careflow/booking', await bookingCreated());
}

async function notificationsStory(ask: Ask): Promise<void> {
  const as = await bearer(world, { role: 'staff', subject: 'office' });
  const patient = await bearer(world, { role: 'patient', subject: randomUUID() });
  const path = '/fr/notifications/preview?kind=booking-confirmed&language=fr&channel=sms';
  await ask('preview', { method: 'GET', path, as });
  await ask('faults', { method: 'GET', path: `${path}&channel=fax`, as });
  await ask('another role', { method: 'GET', path, as: patient });
  const feedback = { method: 'POST', path: '/fr/notifications/feedback' } as const;
  await ask('no feedback', { ...feedback, headers: { 'content-type': 'text/plain; charset=UTF-8' }, body: 'hello' });
  await eventStory(ask, 'careflow.booking.created.v1', '/careflow/booking', await bookingCreated());
}

async function workerStory(ask: Ask): Promise<void> {
  const patientId = await addPatient(world.admin);
  const as = await bearer(world, { role: 'patient', subject: patientId });
  const stranger = await bearer(world, { role: 'patient', subject: randomUUID() });
  const path = `/fr/patients/${patientId}/export`;
  const headers = { 'idempotency-key': randomUUID() };
  const asked = await ask('export', { method: 'POST', path, as, headers });
  await ask('export again', { method: 'POST', path, as, headers });
  const id = /"id":"([^"]+)"/.exec(asked)?.[1] ?? '';
  await ask('how far', { method: 'GET', path: `/fr/exports/${id}`, as });
  await ask('too early', { method: 'GET', path: `/fr/exports/${id}/archive`, as });
  await ask('another', { method: 'GET', path: `/fr/exports/${id}`, as: stranger });
  await ask('for another', { method: 'POST', path: `/fr/patients/${patientId}/erase`, as: stranger });
  const people = { patientId: randomUUID(), sealed: 'a..b.c.d' };
  const deadline = Temporal.Now.instant().add({ hours: 1 }).toString();
  await eventStory(ask, 'careflow.email.requested.v1', '/careflow/anybody', {
    ...people,
    deadline,
    idempotencyKey: randomUUID(),
  });
}

async function customerStory(ask: Ask): Promise<void> {
  const patientId = await addPatient(world.admin);
  const as = await bearer(world, { role: 'patient', subject: patientId });
  const staff = await bearer(world, { role: 'staff', subject: 'office' });
  const post = (path: string, body: unknown, more: Partial<Sent> = {}): Sent => {
    return { method: 'POST', path, as, body, ...more, headers: { ...json, ...more.headers } };
  };
  const account: unknown = JSON.parse(await ask('account', { method: 'GET', path: '/fr/me', as }));
  expect(account).toMatchObject({ id: patientId, version: 1 });
  const preferences = { ...post('/fr/me/preferences', { language: 'fr', channels: {} }), method: 'PUT' };
  await ask('preferences', { ...preferences, headers: { ...json, 'if-match': '"1"' } });
  await ask('stale', { ...preferences, headers: { ...json, 'if-match': '"1"' } });
  const order = post('/fr/orders', { patientId, kind: 'test-kit', item: 'kit-ferritin' });
  const keyed = { ...order, headers: { ...json, 'idempotency-key': randomUUID() } };
  const id = /"id":"([^"]+)"/.exec(await ask('orders', keyed))?.[1] ?? '';
  await ask('orders again', keyed);
  await ask('pays', post(`/fr/orders/${id}/pay`, { paymentReference: `pay_${id}` }, { as: staff }));
  await ask('pays twice', post(`/fr/orders/${id}/pay`, { paymentReference: 'pay_2' }, { as: staff }));
  await ask('not for patients', post(`/fr/orders/${id}/ship`, { shipmentReference: 'p_1' }));
  await ask('lists', { method: 'GET', path: `/fr/orders?patientId=${patientId}`, as });
  await ask('sessions', { method: 'GET', path: '/fr/me/sessions', as });
  await ask('no session', { method: 'GET', path: '/fr/me', as: await sessionless(patientId) });
  const consent = { customerId: patientId, country: 'fr', version: 1, occurredAt: slot('10:00') };
  const data = { ...consent, purpose: 'marketing', consentVersion: '2026-03' };
  await eventStory(ask, 'careflow.consent.given.v1', '/careflow/customer', data);
}

async function homekitStory(ask: Ask): Promise<void> {
  const patientId = await addPatient(world.admin);
  const as = await bearer(world, { role: 'patient', subject: patientId });
  const stranger = await bearer(world, { role: 'patient', subject: randomUUID() });
  const post = (path: string, body: object, by = as): Sent => {
    return { method: 'POST', path: `/fr/homekit/${path}`, as: by, headers: json, body: { patientId, ...body } };
  };
  const { patientId: _, ...device } = new Accessory().wish(patientId);
  const id = /"id":"([^"]+)"/.exec(await ask('device', post('devices', device)))?.[1] ?? '';
  await ask('the same device', post('devices', device));
  await ask('no payload', post('devices', { ...device, setupPayload: 'X-HM://0052VG2TI' }));
  await ask('its state', { method: 'GET', path: `/fr/homekit/devices/${id}`, as });
  await ask('the state of another’s', { method: 'GET', path: `/fr/homekit/devices/${id}`, as: stranger });
  const kit = { kitCode: (await addKit(world)).code, consentVersion: '2030-03' };
  await ask('kit', post('test-kits', kit));
  await ask('a typo', post('test-kits', { ...kit, kitCode: '000000000000' }));
  await ask('a kit for another', post('test-kits', kit, stranger));
  const data = { country: 'fr', registrationId: randomUUID() };
  await eventStory(ask, 'careflow.test-kit.submitted.v1', '/careflow/homekit', data);
}

async function labResultsStory(ask: Ask): Promise<void> {
  const as = await bearer(world, { role: 'system', subject: 'lis' });
  const office = await bearer(world, { role: 'admin', subject: 'office' });
  const patientId = await addPatient(world.admin);
  const sent = (mediaType: string, body: string): Sent => {
    return { method: 'POST', path: '/fr/lab-results', as, headers: { 'content-type': mediaType }, body };
  };
  // It asks for no acknowledgment: those are never the same twice.
  const quiet = oru({ mrn: 'nobody' }).replace('|P|2.5.1', '|P|2.5.1|||NE|NE');
  await ask('hl7', sent('application/hl7-v2', quiet));
  await ask('hl7 again', sent('application/hl7-v2', quiet));
  const controlId = randomUUID();
  await ask('fhir', sent('application/fhir+json', bundle({ controlId })));
  await ask('other fhir', sent('application/fhir+json', bundle({ controlId, value: '5' })));
  await ask('no fhir', sent('application/fhir+json', '{"'));
  await ask('event', sent('application/cloudevents+json', submittedEvent(submittedData())));
  await ask('faults', sent('application/cloudevents+json', submittedEvent({ ...submittedData(), reports: [] })));
  await ask('no event', sent('application/json', '{}'));
  await ask('media type', sent('text/plain', 'MSH'));
  await ask('huge', sent('application/hl7-v2', 'x'.repeat(800_000)));
  await ask('not for patients', {
    ...sent('application/hl7-v2', quiet),
    as: await bearer(world, { role: 'patient', subject: patientId }),
  });
  const fhir = { accept: 'application/fhir+json' };
  await ask('lists', { method: 'GET', path: `/fr/patients/${patientId}/results`, as: office });
  await ask('lists fhir', { method: 'GET', path: `/fr/patients/${patientId}/results`, as: office, headers: fhir });
  await ask('unknown', { method: 'GET', path: `/fr/results/${randomUUID()}`, as: office });
  await eventStory(ask, submitted, '/lab', submittedData());
}

const stories: Readonly<
  Record<(typeof workloads)[number], { tell: (ask: Ask, door: Door) => Promise<void>; statuses: readonly number[] }>
> = {
  booking: { tell: bookingStory, statuses: bookingStatuses },
  availability: { tell: availabilityStory, statuses: [200, 200, 400, 404, 401, ...eventStatuses] },
  notifications: { tell: notificationsStory, statuses: [200, 400, 403, 400, ...eventStatuses] },
  customer: {
    tell: customerStory,
    statuses: [200, 200, 412, 201, 201, 200, 409, 403, 200, 200, 401, ...eventStatuses],
  },
  homekit: { tell: homekitStory, statuses: [202, 202, 400, 200, 404, 202, 400, 403, ...eventStatuses] },
  'lab-results': {
    tell: labResultsStory,
    statuses: [200, 200, 202, 409, 422, 202, 400, 400, 415, 413, 403, 200, 200, 404, ...eventStatuses],
  },
  worker: { tell: workerStory, statuses: [202, 202, 200, 409, 404, 403, ...eventStatuses] },
  cron: {
    tell: (ask) => eventStory(ask, 'dev.knative.sources.ping', '/apis/v1/namespaces/careflow/pingsources/minute', {}),
    statuses: eventStatuses,
  },
};

// Beside these answers two differ, and cannot but: functions-framework decodes a path before it calls a function, and
// answers one that cannot be decoded with a page of its own; and it opens a function with its first request.
describe.each(workloads)('%s', (name) => {
  it('answers the same on Fastify as behind the command line of functions-framework', async () => {
    const told: Answered[][] = [];
    for (const doorName of doors) {
      const door = await open(doorName, name, { RATE_LIMIT_SUBJECT: String(limit) });
      const answers: Answered[] = [];
      const ask: Ask = async (what, { method, path, as, headers = {}, body }) => {
        const sent = { ...headers, ...(as !== undefined && { authorization: as }) };
        const reply = await call(door, method, path, { headers: sent, ...(body !== undefined && { body }) });
        answers.push({ what, ...comparable(reply.status, reply.headers, reply.text) });
        return reply.text;
      };
      try {
        await probes(ask);
        await stories[name].tell(ask, door);
        expect(await door.stop()).toBe(0);
      } finally {
        door.process.kill('SIGKILL');
      }
      expect(door.output()).not.toContain('"level":"error"');
      told.push(answers);
    }
    const [onFastify = [], behindFramework = []] = told;
    expect(onFastify.map(({ status }) => status)).toEqual([200, 200, 200, 404, 405, ...stories[name].statuses]);
    expect(behindFramework).toEqual(onFastify);
  }, 120_000);
});

describe.each(doors)('booking on SIGTERM under load, behind %s', (doorName) => {
  it('fails no request', async () => {
    const door = await open(doorName, 'booking', { DRAIN_DELAY_MS: '2000' });
    try {
      const load = { routed: true, statuses: new Array<number>() };
      const clients = Array.from({ length: 6 }, async () => bookAndCancel(door, load));
      await until(() => load.statuses.length > 30, { what: 'load' });
      const stopped = door.stop();
      const isReady = async () => (await call(door, 'GET', '/health/ready')).status === 200;
      await until(async () => !(await isReady()), { what: 'the drain' });
      const before = load.statuses.length;
      await until(() => load.statuses.length > before + 10, { what: 'load during the drain' });
      load.routed = false;
      await Promise.all(clients);
      expect(new Set(load.statuses)).toEqual(new Set([200, 201]));
      expect(await stopped).toBe(0);
    } finally {
      door.process.kill('SIGKILL');
    }
  }, 60_000);
});

/** Books and cancels one slot over and over, until whoever routes to the function stops doing so. */
async function bookAndCancel(door: Door, load: { routed: boolean; statuses: number[] }): Promise<void> {
  const people = await addPeople();
  const headers = { ...json, authorization: await bearer(world, { role: 'patient', subject: people.patientId }) };
  while (load.routed) {
    const body = { ...people, slotStart: slot('10:00') };
    const booked = await call(door, 'POST', '/fr/bookings', { headers, body });
    const cancelled = await call(door, 'POST', `/fr/bookings/${String(booked.json['id'])}/cancel`, { headers });
    load.statuses.push(booked.status, cancelled.status);
  }
}
