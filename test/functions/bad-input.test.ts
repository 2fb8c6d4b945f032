import { randomUUID } from 'node:crypto';

import { sql } from 'drizzle-orm';
import type { InjectOptions } from 'fastify';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { operations } from '../../infra/contracts/contracts.ts';
import { readTopics } from '../../infra/local/services/topics.ts';
import type { OperationContract } from '../../schemas/api/contract.ts';
import { isWorkload } from '../../functions/workloads.ts';
import { sessions } from '../../shared/db/schema/account.ts';
import { openEventLog } from '../../shared/events/open-event-log.ts';
import { newKey } from '../shared/identity/issuer.ts';
import { addPatient, addPractice, type Practice } from '../support/practices.ts';
import {
  badTexts,
  badValues,
  canary,
  extraNames,
  membersOf,
  notJson,
  notObjects,
  withExtraMember,
} from './bad-values.ts';
import type { Member } from './bad-values.ts';
import { begin } from './booking/booking-world.ts';
import { addHomekitResource, homekitSamples } from './homekit/samples.ts';
import { addLabResource } from './lab-results/resources.ts';
import { submittedData, submittedEvent } from './lab-results/samples.ts';
import { createRedisDatabase } from '../support/services/redis-database.ts';
import { bearer, openFunction, openRealWorld, type OpenedFunction, type RealWorld } from './real-functions.ts';

type Case = { readonly what: string; readonly request: InjectOptions; readonly expected: string };
type Parts = {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>> | string;
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
};
type People = Practice & { readonly patientId: string };

const invalid = '400 invalid-input';
const unknownId = '00000000-0000-4000-8000-000000000000';
const ofCustomer = {
  givenName: 'Camille',
  familyName: 'Moreau',
  birthDate: '1985-04-12',
  sex: 'female',
  timeZone: 'Europe/Paris',
  purpose: 'marketing',
  consentVersion: '2026-03',
  item: 'kit-ferritin',
  paymentReference: 'pay_1',
  shipmentReference: 'parcel_1',
};
/** What every operation may be refused with, as the generated documents say, and what comes before any operation. */
const everywhere = [400, 401, 403, 413, 415, 429, 503];
const beforeAny = [404, 405, 414];

let world: RealWorld;
let office: string;
let german: People;
beforeAll(async () => {
  world = await openRealWorld();
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local').stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  office = await bearer(world, { role: 'admin', subject: 'office' }, { claims: { country: undefined } });
  german = await addPeople('de');
  const eventLog = openEventLog(world.environment['EVENT_LOG_URL'] ?? '', { clientId: 'test' });
  await eventLog.ensureTopics(await readTopics({ brokers: 1 }));
  await eventLog.close();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await world.close();
});

async function addPeople(country = 'fr'): Promise<People> {
  return { ...(await addPractice(world.admin, { country })), patientId: await addPatient(world.admin, country) };
}

/** For `it.each`: a test of those contracts only that it can be said of. */
function where(applies: boolean): readonly boolean[] {
  return applies ? [applies] : [];
}

function slotIn(days: number, time = '10:00'): string {
  const day = Temporal.Now.plainDateISO('Europe/Paris').add({ days });
  return day.toZonedDateTime({ timeZone: 'Europe/Paris', plainTime: time }).toInstant().toString();
}

/** What is signed is no caller's; its own test tells what of it is refused. */
const served = Object.entries(operations).flatMap(([name, contracts]) =>
  isWorkload(name) ? [{ name, contracts: contracts.filter(({ signed }) => !signed) }] : [],
);

describe.each(served)('the operations of $name', ({ name, contracts }) => {
  let fn: OpenedFunction;
  beforeAll(async () => {
    fn = await openFunction(world, name);
  });
  afterAll(async () => {
    await fn.close();
  });

  /** Answers that are not as expected, by what was sent: none, if all is well. */
  async function unexpected(contract: OperationContract, cases: readonly Case[]): Promise<Record<string, string>> {
    expect(cases.length).toBeGreaterThan(0);
    const found: Record<string, string> = {};
    for (const { what, request, expected } of cases) {
      const answer = await fn.app.inject(request);
      const fault = faultOf(contract, answer);
      const got = `${answer.statusCode} ${codeOf(answer.payload)}`;
      if (got !== expected || fault) found[what] = fault ? `${got}, ${fault}` : got;
    }
    return found;
  }

  describe.each(contracts.map((contract) => ({ id: contract.id, contract })))('$id', ({ contract }) => {
    const body = membersOf(contract.body);
    const query = membersOf(contract.query);
    let people: People & Readonly<Record<string, string>>;
    let id: string;
    let caller: string;
    beforeAll(async () => {
      people = await addPeople();
      if (name === 'homekit') people = { ...people, ...(await homekitSamples(world.admin, people.patientId)) };
      const patient = { role: 'patient', subject: people.patientId } as const;
      const isForAdmins = contract.roles.some((role) => role === 'admin');
      caller = isForAdmins ? office : await bearer(world, patient, { claims: { country: undefined } });
      id = contract.path.includes('{id}') ? await addResource(contract, people) : '';
      if (contract.path.includes('{documentId}')) {
        people = { ...people, ...(await addLabResource({ app: fn.app, admin: world.admin }, contract.path, people)) };
      }
      if (contract.path.includes('{purpose}')) await giveConsent(people);
    });

    function good(): Required<Pick<Parts, 'params'>> & {
      query: Record<string, string>;
      body?: Record<string, unknown>;
    } {
      const sample = (members: readonly Member[]) =>
        Object.fromEntries(members.map(({ name: member, schema }) => [member, sampleOf(member, schema.format)]));
      const required = (members: readonly Member[]) => sample(members.filter((member) => member.required));
      return {
        params: sample(membersOf(contract.params)),
        query: required(query),
        ...(contract.body && {
          body: { ...required(body), ...(contract.id === 'putPreferences' && { channels: {} }) },
        }),
      };
    }

    function sampleOf(member: string, format: string | undefined): string {
      const own: Readonly<Record<string, string>> = {
        country: 'fr',
        id,
        slotStart: slotIn(3, contract.id === 'rescheduleBooking' ? '16:00' : '10:00'),
        practitionerIds: people.practitionerId,
        kind: contract.id === 'placeOrder' ? 'test-kit' : 'booking-confirmed',
        language: 'fr',
        channel: 'email',
        ...ofCustomer,
        loinc: '2823-3',
        preference: 'at-once',
        ...people,
      };
      return own[member] ?? (format === 'date' ? '2031-02-03' : 'no sample');
    }

    /** What an operation that takes bodies as they come is sent. */
    const asItComes = contract.takes && {
      body: submittedEvent(submittedData()),
      headers: { 'content-type': 'application/cloudevents+json' },
    };

    function request({ headers, ...parts }: Parts = {}): InjectOptions {
      const all = { ...good(), ...(asItComes && { body: asItComes.body }), ...parts };
      const path = contract.path.replace(/{(\w+)}/g, (_, key: string) => encodeURIComponent(all.params[key] ?? ''));
      const search = typeof all.query === 'string' ? all.query : new URLSearchParams(all.query).toString();
      return {
        method: contract.method,
        url: search === '' ? path : `${path}?${search}`,
        headers: {
          authorization: caller,
          ...(all.body !== undefined && { 'content-type': 'application/json' }),
          ...(parts.body === undefined && asItComes?.headers),
          ...headers,
        },
        ...(all.body !== undefined && { payload: typeof all.body === 'string' ? all.body : JSON.stringify(all.body) }),
      };
    }

    it('refuses each member of its path with a wrong value', async () => {
      const bad = (member: Member) =>
        member.name === 'country'
          ? ['FR', 'fra', 'f', 'f1', 'fr ', canary, '\0\0', '__proto__']
          : badTexts(member.schema);
      const cases = membersOf(contract.params).flatMap((member) =>
        bad(member)
          .filter((value) => value.trim() !== '' && value.length < 200)
          .map((value) => ({
            what: `${member.name} ${JSON.stringify(value)}`,
            request: request({ params: { ...good().params, [member.name]: value } }),
            expected: invalid,
          })),
      );
      const long = { ...good().params, country: `${canary}${'x'.repeat(200)}` };
      const tooLong = { what: 'too long', request: request({ params: long }), expected: '414 uri-too-long' };
      expect(await unexpected(contract, [...cases, tooLong])).toEqual({});
    });

    it('refuses a path that cannot be decoded or that climbs', async () => {
      const path = contract.path.replace('{country}', 'fr').replace('{id}', id);
      const cases = ['%zz', '%', '%c3%28'].map((bad) => ({
        what: bad,
        request: { ...request(), url: path.replace('/fr/', `/${bad}/`) },
        expected: invalid,
      }));
      const climbing = { ...request(), url: path.replace('/fr/', '/fr%2f..%2fde/') };
      expect(await unexpected(contract, [...cases, { what: 'climbs', request: climbing, expected: invalid }])).toEqual(
        {},
      );
    });

    it('refuses an unknown query, a known one with a wrong value, and any twice', async () => {
      const with_ = (member: string, value: string): Case => ({
        what: `${member}=${value.slice(0, 60)}`,
        request: request({ query: { ...good().query, [member]: value } }),
        expected: invalid,
      });
      const wrong = query.flatMap(({ name: member, schema }) => badTexts(schema).map((value) => with_(member, value)));
      const unknown = extraNames.filter(Boolean).map((member) => with_(member, canary));
      const search = new URLSearchParams(good().query).toString();
      const twice = query.map(({ name: member, schema }) => ({
        what: `${member} twice`,
        request: request({ query: `${search}&${member}=${sampleOf(member, schema.format)}`.repeat(2) }),
        expected: invalid,
      }));
      expect(await unexpected(contract, [...wrong, ...unknown, ...twice])).toEqual({});
    });

    it.each(where(query.some(({ required }) => required)))('refuses a query that lacks what it needs', async () => {
      const cases = query
        .filter((member) => member.required)
        .map(({ name: member }) => {
          const { [member]: _, ...rest } = good().query;
          return { what: member, request: request({ query: rest }), expected: invalid };
        });
      expect(await unexpected(contract, cases)).toEqual({});
    });

    // A body of GET means nothing (RFC 9110, section 9.3.1): it is not even read.
    it.each(where(contract.method !== 'GET'))('refuses a body that it does not take', async () => {
      const garbage = [...notObjects, ...notJson].map((text) => ({
        what: `the body ${text.slice(0, 60)}`,
        request: request({ body: text, headers: { 'content-type': 'application/json' } }),
        expected: invalid,
      }));
      const extra = extraNames.map((member) => ({
        what: `the member ${member}`,
        request: request({ body: withExtraMember(good().body ?? {}, member, { [canary]: canary }) }),
        expected: invalid,
      }));
      const types = ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', canary, ''];
      const wrongType = types.map((type) => ({
        what: `the media type ${type}`,
        request: request({ body: JSON.stringify(good().body ?? {}), headers: { 'content-type': type } }),
        expected: '415 unsupported-media-type',
      }));
      const huge = {
        what: 'more than is taken',
        request: request({ body: { reason: canary.repeat((contract.bodyLimitBytes ?? 256 * 1024) / canary.length) } }),
        expected: tooLarge,
      };
      expect(await unexpected(contract, [...garbage, ...extra, ...wrongType, huge])).toEqual({});
    });

    it.each(where(body.length > 0))('refuses each member of its body with a wrong value', async () => {
      const cases = body.flatMap(({ name: member, schema }) =>
        badValues(schema).map((value) => ({
          what: `${member}: ${JSON.stringify(value).slice(0, 60)}`,
          request: request({ body: { ...good().body, [member]: value } }),
          expected: invalid,
        })),
      );
      expect(await unexpected(contract, cases)).toEqual({});
    });

    it.each(where(body.some(({ required }) => required)))('refuses a body that lacks what it needs', async () => {
      const missing = body
        .filter((member) => member.required)
        .map(({ name: member }) => {
          const { [member]: _, ...rest } = good().body ?? {};
          return { what: member, request: request({ body: rest }), expected: invalid };
        });
      const none = ['', '{}'].map((text) => ({
        what: `'${text}'`,
        request: request({ body: text }),
        expected: invalid,
      }));
      expect(await unexpected(contract, [...missing, ...none])).toEqual({});
    });

    it('refuses tokens that are not good, and says why', async () => {
      const cases = (await badTokens(world)).map(({ what, authorization, expected }) => ({
        what,
        request: request({ headers: { authorization } }),
        expected,
      }));
      const { authorization: _, ...headers } = request().headers ?? {};
      const missing = { what: 'missing', request: { ...request(), headers }, expected: '401 unauthenticated' };
      expect(await unexpected(contract, [missing, ...cases])).toEqual({});
    });

    it('refuses callers of another scope, role or country, whatever they send', async () => {
      const allowed: readonly string[] = contract.roles;
      const others = ['patient', 'practitioner', 'nurse', canary].filter((role) => !allowed.includes(role));
      const claims: Record<string, unknown>[] = [
        { scope: 'canary:read' },
        { scope: '' },
        { roles: [] },
        { roles: allowed[0] },
        { country: 'de' },
        { roles: ['staff'], country: undefined },
        ...others.map((role) => ({ roles: [role] })),
      ];
      const cases = await Promise.all(
        claims.flatMap((claim) =>
          [good().body && JSON.stringify(good().body), `{"${canary}`].flatMap(async (text) => ({
            what: `${JSON.stringify(claim)} ${text}`,
            request: request({
              ...(text !== undefined && { body: text }),
              headers: { authorization: await bearer(world, { role: 'staff', subject: canary }, { claims: claim }) },
            }),
            expected: '403 forbidden',
          })),
        ),
      );
      expect(await unexpected(contract, cases)).toEqual({});
    });

    it('refuses odd keys and entity tags', async () => {
      const odd = (header: string, values: readonly string[]): Case[] =>
        values.map((value) => ({
          what: `${header}: ${value.slice(0, 40)}`,
          request: request({ headers: { [header]: value } }),
          expected: invalid,
        }));
      const keys = ['', ' ', `${canary} x`, `${canary}é`, `${canary}${'x'.repeat(255)}`, `${canary}\t`];
      const tags = [canary, `"${canary}"`, 'W/"1"', '1', '"1", "2"', '"0"', '"-1"', '"1e3"', '"99999999999999999"', ''];
      const takesKeys = contract.method === 'POST' && ['booking', 'customer', 'homekit', 'lab-results'].includes(name);
      expect(
        await unexpected(contract, [...(takesKeys ? odd('idempotency-key', keys) : []), ...odd('if-match', tags)]),
      ).toEqual({});
    });

    it('has no other method, and says which it has', async () => {
      const known = contracts.filter(({ path }) => path === contract.path).map(({ method }) => method);
      const methods = (['PUT', 'PATCH', 'OPTIONS'] as const).filter((method) => !known.some((one) => one === method));
      for (const method of methods) {
        const answer = await fn.app.inject({ ...request(), method });
        expect(`${answer.statusCode} ${codeOf(answer.payload)}`).toBe('405 method-not-allowed');
        expect(answer.headers['allow']).toContain(contract.method);
      }
    });

    it('answers 404 in a country that is not served, whatever is sent', async () => {
      const cases = ['xx', 'es', 'zz'].flatMap((country) => {
        const params = { ...good().params, country };
        const wrong = { what: `${country}, faults`, request: request({ params, query: { [canary]: canary } }) };
        return [{ what: country, request: request({ params }) }, wrong];
      });
      const expected = '404 not-found';
      expect(
        await unexpected(
          contract,
          cases.map((one) => ({ ...one, expected })),
        ),
      ).toEqual({});
      expect(contract.refusals).toContain(404);
    });

    it.each(where(contract.path.includes('{id}')))(
      'answers an unknown id and one of another country alike',
      async () => {
        const body = (of: object) => (contract.body ? { body: { ...good().body, ...of } } : {});
        const cases = [
          { what: 'unknown', request: request({ params: { ...good().params, id: unknownId }, ...body({}) }) },
          { what: 'of another country', request: request({ params: { ...good().params, country: 'de' } }) },
        ].map((one) => ({ ...one, expected: '404 not-found' }));
        expect(await unexpected(contract, cases)).toEqual({});
      },
    );

    it.each(where(body.some(({ schema, required }) => required && schema.format === 'uuid')))(
      'answers 404 for people who are unknown or of another country',
      async () => {
        const named = ['practitionerId', 'patientId', 'visitTypeId', 'granteeId'] as const;
        const ofAnother = { ...german, granteeId: german.patientId };
        const asked = named.filter((member) => body.some((one) => one.name === member));
        const cases = asked.flatMap((member) =>
          [unknownId, ofAnother[member]].map((id) => ({
            what: `${member} ${id}`,
            request: request({ body: { ...good().body, [member]: id } }),
            expected: '404 not-found',
          })),
        );
        expect(await unexpected(contract, cases)).toEqual({});
      },
    );

    it.each(where(name === 'booking'))('lets nobody at what is others’', async () => {
      const everybody = [
        { role: 'patient', subject: german.patientId },
        { role: 'patient', subject: canary },
        { role: 'practitioner', subject: randomUUID() },
        { role: 'practitioner', subject: canary },
      ] as const;
      const admitted = everybody.filter(({ role }) => contract.roles.some((one) => one === role));
      const strangers = await Promise.all(admitted.map((one) => bearer(world, one)));
      const expected = contract.path.includes('{id}') ? '404 not-found' : '403 forbidden';
      const theirs = contract.id === 'listBookings' ? { query: { patientId: people.patientId } } : {};
      const cases = strangers.map((authorization, index) => ({
        what: `stranger ${index}`,
        request: request({ ...theirs, headers: { authorization } }),
        expected,
      }));
      expect(await unexpected(contract, cases)).toEqual({});
    });

    it('takes the good request that all these were made of', async () => {
      const answer = await fn.app.inject(request());
      expect({ status: answer.statusCode, body: contract.status === 204 ? '' : answer.payload }).toEqual({
        status: contract.status,
        body: answer.payload,
      });
      if (contract.output) expect(contract.output.safeParse(answer.json()).success).toBe(true);
    });
  });

  it('log nothing of what was sent, and no failure of their own', () => {
    expect(fn.logged().filter((line) => line.includes(canary) || /"level":"(error|fatal)"/.test(line))).toEqual([]);
    expect(fn.logged().length).toBeGreaterThan(100);
  });

  /** The id of something that the operation can be asked for. */
  async function addResource({ path }: OperationContract, people: People): Promise<string> {
    if (name === 'worker') return addWorkerResource(path, people);
    if (name === 'homekit') return addHomekitResource({ app: fn.app, admin: world.admin, office }, path, people);
    if (name === 'lab-results') return (await addLabResource({ app: fn.app, admin: world.admin }, path, people)).id;
    if (name === 'customer') return path.includes('sessions') ? addSession() : addOrder(path, people);
    if (name !== 'booking') return people.practitionerId;
    const answer = await fn.app.inject({
      method: 'POST',
      url: path.startsWith('/{country}/holds') ? '/fr/holds' : '/fr/bookings',
      headers: { authorization: office },
      payload: { ...people, slotStart: slotIn(3) },
    });
    expect(answer.statusCode).toBe(201);
    const { id: bookingId } = answer.json<{ id: string }>();
    if (/\/(complete|no-show)$/.test(path)) await begin(world.admin, bookingId);
    return bookingId;
  }

  async function addSession(): Promise<string> {
    const [now, id] = [Temporal.Now.instant(), randomUUID()];
    const times = { startedAt: now, lastUsedAt: now, expiresAt: now.add({ hours: 1 }) };
    const session = { id, referenceHash: Buffer.from(id), subject: 'office', country: 'fr', ...times };
    await world.admin.insert(sessions).values(session);
    return id;
  }

  /** An order that may be moved on as the path says. */
  async function addOrder(path: string, { patientId }: People): Promise<string> {
    const steps = { pay: [], cancel: [], ship: ['pay'], register: ['pay'], result: ['pay', 'register'] };
    const before = Object.entries(steps).find(([step]) => path.endsWith(step))?.[1] ?? [];
    const sent = { method: 'POST', headers: { authorization: office } } as const;
    const order = { patientId, kind: 'test-kit', item: 'kit-ferritin' };
    const placed = await fn.app.inject({ ...sent, url: '/fr/orders', payload: order });
    const { id } = placed.json<{ id: string }>();
    for (const step of before) {
      const payload = step === 'pay' ? { paymentReference: `pay_${id}` } : {};
      const moved = await fn.app.inject({ ...sent, url: `/fr/orders/${id}/${step}`, payload });
      expect(moved.statusCode).toBe(200);
    }
    return id;
  }

  async function giveConsent({ patientId }: People): Promise<void> {
    const authorization = await bearer(world, { role: 'patient', subject: patientId });
    const payload = { purpose: ofCustomer.purpose, consentVersion: ofCustomer.consentVersion };
    await fn.app.inject({ method: 'POST', url: '/fr/me/consents', headers: { authorization }, payload });
  }

  /** What the worker has been asked to do. */
  async function doJobs(): Promise<void> {
    const jobs = await world.admin.execute<{ event: object }>(
      sql`UPDATE worker.outbox SET sent_at = now() WHERE event ->> 'type' LIKE 'careflow.ex%' RETURNING event`,
    );
    const headers = { 'content-type': 'application/cloudevents+json' };
    for (const { event } of jobs.rows) {
      const answer = await fn.app.inject({ method: 'POST', url: '/events', headers, payload: JSON.stringify(event) });
      expect(answer.statusCode).toBe(204);
    }
  }

  /** A patient, or what was asked for the patient. */
  async function addWorkerResource(path: string, { patientId }: People): Promise<string> {
    if (path.startsWith('/{country}/patients')) return patientId;
    const url = `/fr/patients/${patientId}/${path.includes('exports') ? 'export' : 'erase'}`;
    const answer = await fn.app.inject({ method: 'POST', url, headers: { authorization: office } });
    expect(answer.statusCode).toBe(202);
    await doJobs();
    return answer.json<{ id: string }>().id;
  }
});

describe('whoever asks too often', () => {
  const address = { 'x-forwarded-for': '198.51.100.7' };
  const limited = [
    { name: 'booking', path: `/fr/bookings/${unknownId}`, role: 'patient', first: 404 },
    { name: 'availability', path: `/fr/practitioners/${unknownId}/availability`, role: 'patient', first: 404 },
    { name: 'customer', path: '/fr/me', role: 'patient', first: 404 },
    {
      name: 'notifications',
      path: '/fr/notifications/preview?kind=booking-confirmed&language=fr&channel=sms',
      role: 'staff',
      first: 200,
    },
  ] as const;

  it.each(limited)('is told by $name when to come back, by subject', async ({ name, path, role, first }) => {
    const { app, close } = await openFunction(world, name, { RATE_LIMIT_SUBJECT: '2' });
    const authorization = await bearer(world, { role, subject: randomUUID() });
    const ask = async () => app.inject({ url: path, headers: { authorization } });
    const answers = [await ask(), await ask(), await ask()];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([first, first, 429]);
    expect(Number(answers[2]?.headers['retry-after'])).toBeGreaterThan(0);
    expect(codeOf(answers[2]?.payload ?? '')).toBe('rate-limited');
    await close();
  });

  it.each(limited)('gets no further at $name by trying tokens', async ({ name, path }) => {
    const { app, close } = await openFunction(world, name, {
      RATE_LIMIT_ADDRESS: '2',
      REDIS_URL: await createRedisDatabase(),
    });
    const ask = async () => app.inject({ url: path, headers: { ...address, authorization: 'Bearer x' } });
    const answers = [await ask(), await ask(), await ask()];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 401, 429]);
    expect(Number(answers[2]?.headers['retry-after'])).toBeGreaterThan(0);
    await close();
  });
});

const tooLarge = '413 payload-too-large';

function codeOf(payload: string): string {
  return /"code":"([a-z-]+)"/.exec(payload)?.[1] ?? payload.slice(0, 80);
}

/** What is wrong with a refusal as a document, if anything. */
function faultOf(
  { refusals }: OperationContract,
  { statusCode, headers, payload }: { statusCode: number; headers: Readonly<Record<string, unknown>>; payload: string },
): string | undefined {
  if (![...everywhere, ...beforeAny, ...refusals].includes(statusCode)) return 'a status nobody has promised';
  if (!String(headers['content-type']).startsWith('application/problem+json')) return 'no problem document';
  if (statusCode === 401 && !String(headers['www-authenticate']).startsWith('Bearer ')) return 'no challenge';
  if (`${payload}${JSON.stringify(headers)}`.includes(canary)) return 'an echo of what was sent';
  const problem: unknown = JSON.parse(payload);
  const wanted = {
    type: expect.stringMatching(/^urn:careflow:problem:/),
    title: expect.any(String),
    status: statusCode,
  };
  expect(problem).toMatchObject(wanted);
  return undefined;
}

/** Tokens that are good but for one thing. */
async function badTokens(real: RealWorld) {
  const admin = { role: 'admin', subject: canary } as const;
  const stranger = await newKey('current');
  const unpublished = await newKey('unpublished');
  const now = Math.floor(Date.now() / 1000);
  const mixed = ['system', 'admin'];
  const good = await bearer(real, admin);
  const [header = '', payload = '', signature = ''] = good.slice('Bearer '.length).split('.');
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const secret = new TextEncoder().encode(JSON.stringify(real.key.jwk));
  const claims = { iss: 'https://issuer.example', aud: 'careflow', sub: canary, exp: now + 600 };
  const confused = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'current', typ: 'at+jwt' });
  const tokens: readonly (readonly [string, string])[] = [
    ['garbage', `Bearer ${canary}`],
    ['three dots', 'Bearer a.b.c'],
    ['an empty one', 'Bearer '],
    ['another scheme', `Basic ${Buffer.from(`${canary}:x`).toString('base64')}`],
    ['two tokens', `${good}, ${good}`],
    ['expired', await bearer(real, admin, { expiresIn: -60 })],
    ['not yet valid', await bearer(real, admin, { claims: { nbf: now + 600 } })],
    ['without an end', await bearer(real, admin, { claims: { exp: undefined } })],
    ['unsigned', `Bearer ${encode({ alg: 'none', typ: 'at+jwt' })}.${payload}.`],
    ['without its signature', `Bearer ${header}.${payload}.`],
    ['changed', `Bearer ${header}.${encode({ ...claims, roles: ['admin'] })}.${signature}`],
    ['signed with the public key', `Bearer ${await confused.sign(secret)}`],
    ['of another audience', await bearer(real, admin, { claims: { aud: canary } })],
    ['of another issuer', await bearer(real, admin, { claims: { iss: `https://${canary}.example` } })],
    ['of another key', await bearer(real, admin, { signedWith: stranger })],
    ['of a key that is not published', await bearer(real, admin, { signedWith: unpublished })],
    ['of another kind', await bearer(real, admin, { header: { typ: 'logout+jwt' } })],
    ['of nobody', await bearer(real, admin, { claims: { sub: '' } })],
    ['of a country that is none', await bearer(real, admin, { claims: { country: canary } })],
    ['of a person without a session', await bearer(real, admin, { claims: { sid: undefined } })],
    ['of a machine and person without one', await bearer(real, admin, { claims: { roles: mixed, sid: undefined } })],
    ['huge', await bearer(real, admin, { claims: { more: canary.repeat(800) } })],
  ];
  return tokens.map(([what, authorization]) => ({ what, authorization, expected: '401 unauthenticated' }));
}
