import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { Redis } from 'ioredis';
import { importJWK, type JWK, type JWTPayload, SignJWT } from 'jose';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { workloads } from '../../functions/workloads.ts';
import { operations } from '../../infra/contracts/contracts.ts';
import { BookingCreated } from '../../schemas/events/booking.v1.ts';
import { MinuteTicked } from '../../schemas/events/platform.v1.ts';
import { samplePassword } from '../../infra/local/oidc/sample-access.ts';
import { newReference } from '../shared/identity/issuer.ts';
import { until } from '../support/until.ts';
import { startTestPlatform, type TestPlatform } from './platform.ts';

type Sent = {
  readonly method?: string;
  /** As it goes over the wire: nothing is made tidy. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};
type Answered = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string };

let platform: TestPlatform;
let database: pg.Client;
let port: number;
beforeAll(async () => {
  platform = await startTestPlatform('postgres');
  port = Number(new URL(platform.running.platform.gateway).port);
  database = new pg.Client({ connectionString: platform.running.services.urls.DATABASE_URL });
  await database.connect();
}, 180_000);
afterAll(async () => {
  await database.end();
  await platform.stop();
});

/** Asks the gateway; whatever it answers is fit to leave the house. */
async function ask({ method = 'GET', path, headers = {}, body }: Sent): Promise<Answered> {
  const request = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false });
  request.end(body);
  const [response] = await once(request, 'response');
  const answered = { status: Number(response.statusCode), headers: response.headers, body: await text(response) };
  mustBeFit(answered);
  return answered;
}

function mustBeFit({ status, headers, body }: Answered): void {
  expect(status).not.toBe(500);
  expect(headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
  });
  expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(['server']));
  expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(['x-powered-by']));
  expect(body).not.toMatch(/\bat .+:\d+:\d+|node_modules|\.m?[jt]s:\d+|"stack"/);
  if (status >= 400) expect(headers['content-type']).toMatch(/^(application\/problem\+json|text\/plain)/);
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const json = { 'content-type': 'application/json' };

/** A path of each function that has any, as its contract allows it. */
function pathsOf(workload: string): { method: string; path: string }[] {
  return (operations[workload] ?? []).map(({ method, path }) => ({
    method,
    path: path.replace('{country}', 'fr').replace('{id}', randomUUID()),
  }));
}

describe('an event that somebody sends from outside', () => {
  const slot = { slotStart: '2031-03-03T09:00:00Z', slotEnd: '2031-03-03T09:30:00Z' };
  const eventTo = (workload: string) => {
    const { practitionerId, patientId, visitTypeId } = platform.sample;
    const ids = { bookingId: randomUUID(), version: 1, country: 'fr', practitionerId, patientId, visitTypeId };
    const booked = { ...ids, ...slot, busyStart: slot.slotStart, busyEnd: slot.slotEnd };
    const envelope = { specversion: '1.0', id: randomUUID(), time: '2031-03-01T09:00:00Z' };
    if (workload === 'cron') return { ...envelope, type: MinuteTicked.type, source: '/ping', data: {} };
    return { ...envelope, type: BookingCreated.type, source: BookingCreated.source, data: booked };
  };

  function modesOf(event: ReturnType<typeof eventTo>): Pick<Sent, 'headers' | 'body'>[] {
    const { data, ...attributes } = event;
    const binary = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]));
    return [
      { headers: { ...json, ...binary }, body: JSON.stringify(data) },
      { headers: { 'content-type': 'application/cloudevents+json' }, body: JSON.stringify(event) },
      { headers: { 'content-type': 'application/cloudevents-batch+json' }, body: JSON.stringify([event]) },
    ];
  }

  /** Ways in that a careless gateway would take for a function's door. */
  function doorsOf(workload: string): string[] {
    const own = pathsOf(workload).map(({ path }) => path);
    const [first = '/fr/bookings'] = own;
    const odd = ['/events', '/', '//', '//events', '/events/', '/events?x', '/%65vents', '/EVENTS', '/./events'];
    return [...odd, `/${workload}/events`, `${first}/../../events`, `${first}/%2e%2e/events`, '/fr/events', ...own];
  }

  /** Where a signature is the caller's proof, a body without one is refused for what it is. */
  function refusalsOf(workload: string): number[] {
    const isSigned = (operations[workload] ?? []).some(({ signed = false }) => signed);
    return [401, 404, 405, ...(isSigned ? [400, 415] : [])];
  }

  const disguises = (workload: string): Readonly<Record<string, string>>[] => {
    const inside = `${workload}.careflow.svc.cluster.local`;
    return [
      {},
      { host: inside },
      { host: '127.0.0.1' },
      { 'x-forwarded-host': inside, forwarded: `host=${inside};for=127.0.0.1` },
      {
        'x-forwarded-for': '127.0.0.1',
        'k-original-host': inside,
        'k-network-hash': 'override',
        'k-proxy-request': '1',
      },
      {
        'knative-serving-revision': `${workload}-00001`,
        'knative-serving-namespace': 'careflow',
        'user-agent': 'kube-probe/1',
      },
    ];
  };

  async function effects(): Promise<unknown> {
    const tables = ['notification.inbox', 'notification.deliveries', 'practitioner.busy_slots', 'booking.outbox'];
    const counts = tables.map((table) => `(SELECT count(*)::int FROM ${table}) AS "${table}"`);
    return (await database.query(`SELECT ${counts.join(', ')}`)).rows[0];
  }

  it.each(workloads)('reaches nothing of %s', async (workload) => {
    const before = await effects();
    const statuses = new Set<number>();
    for (const path of doorsOf(workload)) {
      for (const disguise of disguises(workload)) {
        for (const { headers, ...event } of modesOf(eventTo(workload))) {
          const { status } = await ask({ method: 'POST', path, ...event, headers: { ...headers, ...disguise } });
          statuses.add(status);
        }
      }
    }
    expect([...statuses].filter((status) => !refusalsOf(workload).includes(status))).toEqual([]);
    expect(await effects()).toEqual(before);
  });

  it('is not let in with a good token either', async () => {
    const before = await effects();
    const token = await platform.token('admin', 'admin');
    for (const { method, path } of workloads.flatMap(pathsOf).filter(({ method: each }) => each === 'POST')) {
      const [binary] = modesOf(eventTo('notifications'));
      const { status } = await ask({ method, path, ...binary, headers: { ...binary?.headers, ...bearer(token) } });
      // What is for patients only is not for an admin to send anything to.
      expect([400, 403]).toContain(status);
    }
    expect(await effects()).toEqual(before);
  });
});

describe('what is local', () => {
  it.each(workloads)('is nothing of %s', async (workload) => {
    for (const path of ['/mailbox', '/mailbox/faults', '/samples', '/oidc/token', '/oidc/jwks', '/docs']) {
      const { status } = await fetch(new URL(path, platform.running.knative.url(workload)));
      expect(`${path} ${status}`).toBe(`${path} 404`);
    }
  });

  it('is shown to this machine alone', async () => {
    const others = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    const addresses = others
      .filter(({ internal, family }) => !internal && family === 'IPv4')
      .map((each) => each.address);
    expect(await Promise.all(addresses.map(isReached))).toEqual(addresses.map(() => false));
    expect(await isReached('127.0.0.1')).toBe(true);
  });

  async function isReached(address: string): Promise<boolean> {
    const socket = connect(port, address);
    const reached = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    return reached;
  }
});

describe('a client that says it is another', () => {
  it('is counted by its own address', async () => {
    const token = await platform.token('patient', platform.sample.patientId);
    const names = ['x-forwarded-for', 'x-real-ip', 'x-client-ip', 'true-client-ip', 'cf-connecting-ip', 'forwarded'];
    for (const [index, name] of names.entries()) {
      const address = `203.0.113.${index + 1}`;
      const headers = { [name]: name === 'forwarded' ? `for=${address}` : address };
      for (const authorization of [`Bearer ${token}`, 'Bearer no.such.token']) {
        await ask({
          path: `/fr/bookings?patientId=${platform.sample.patientId}`,
          headers: { ...headers, authorization },
        });
      }
      await ask({ path: '/fr/bookings', headers: { 'x-forwarded-for': `${address}, 127.0.0.1, 10.0.0.1` } });
    }
    const redis = new Redis(platform.running.services.urls.REDIS_URL);
    const counted = await redis.keys('rate:address:*');
    redis.disconnect();
    expect(counted).toEqual(['rate:address:127.0.0.1']);
  });

  it('gets the same answer whatever host it names', async () => {
    for (const host of ['careflow.example', 'localhost', 'booking.careflow.svc.cluster.local', 'a:b:c', '']) {
      const { status } = await ask({ path: '/fr/bookings', headers: { host } });
      expect(status).toBe(401);
    }
  });
});

describe('a request that is none', () => {
  const targets = [
    '//',
    '/\\',
    '///',
    '*',
    'http://[',
    'http://inside/events',
    '/%',
    '/%ff/bookings',
    '/fr%2Fbookings',
  ];

  it.each([...targets, `/${'x'.repeat(10_000)}`, `/fr/bookings/${'%2e%2e%2f'.repeat(200)}`, '/fr/bookings/%00'])(
    'is refused, and the platform goes on: %s',
    async (path) => {
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        const { status } = await ask({ method, path });
        expect([400, 401, 404, 405, 414]).toContain(status);
      }
      expect((await ask({ path: '/samples' })).status).toBe(200);
    },
  );
});

describe('a token', () => {
  const now = Math.floor(Date.now() / 1000);

  /** A token of the platform's own provider but for what is given. */
  async function sign(claims: JWTPayload, header: object = {}): Promise<string> {
    const jwk: JWK = z
      .looseObject({})
      .parse(JSON.parse(await readFile(join(platform.home, 'oidc/signing-key.json'), 'utf8')));
    const good = {
      iss: `http://localhost:${port}/oidc`,
      sid: newReference(),
      aud: 'careflow',
      sub: 'admin',
      exp: now + 600,
      roles: ['admin'],
      scope: 'bookings:read bookings:write availability:read notifications:read',
    };
    const protectedHeader = { alg: 'ES256', typ: 'at+jwt', ...(jwk.kid !== undefined && { kid: jwk.kid }), ...header };
    return new SignJWT({ ...good, ...claims }).setProtectedHeader(protectedHeader).sign(await importJWK(jwk, 'ES256'));
  }

  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

  const bad: Readonly<Record<string, () => Promise<string>>> = {
    expired: () => sign({ exp: now - 60 }),
    'not yet valid': () => sign({ nbf: now + 600 }),
    'of another audience': () => sign({ aud: 'another' }),
    'of another issuer': () => sign({ iss: 'http://localhost:1/oidc' }),
    'of another kind': () => sign({}, { typ: 'id+jwt' }),
    'of a person without a session': () => sign({ sid: undefined }),
    'of a machine and person without a session': () => sign({ sid: undefined, roles: ['system', 'admin'] }),
    'without its signature': async () => (await sign({})).replace(/[^.]+$/, ''),
    'with alg none': async () => `${encode({ alg: 'none', typ: 'at+jwt' })}.${(await sign({})).split('.')[1]}.`,
    'that was changed': async () => {
      const [header, , signature] = (await sign({ roles: ['patient'] })).split('.');
      return [header, (await sign({})).split('.')[1], signature].join('.');
    },
  };

  const calls = workloads.flatMap((workload) => {
    const [call] = pathsOf(workload);
    return call ? [{ workload, ...call }] : [];
  });

  it.each(calls)('that is good is taken by $workload', async ({ method, path }) => {
    expect((await ask({ method, path, headers: bearer(await sign({})) })).status).not.toBe(401);
  });

  it.each(Object.keys(bad))('%s opens no door', async (kind) => {
    const token = (await bad[kind]?.()) ?? '';
    for (const { method, path } of calls) {
      const answered = await ask({ method, path, headers: bearer(token) });
      expect(answered.status).toBe(401);
      expect(answered.headers['www-authenticate']).toMatch(/^Bearer .*error="invalid_token"/);
    }
  });
});

describe('a sign-in', () => {
  const Token = z.object({ access_token: z.string() });
  const Sessions = z.object({ items: z.array(z.object({ id: z.string(), isCurrent: z.boolean() })) });

  async function signIn(): Promise<string> {
    const { patientId } = platform.sample;
    const form = { grant_type: 'password', client_id: 'app', username: patientId, password: samplePassword };
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams(form).toString();
    const { body: answer } = await ask({ method: 'POST', path: '/oidc/token', headers, body });
    return Token.parse(JSON.parse(answer)).access_token;
  }

  const ways: Readonly<Record<string, () => Promise<string>>> = {
    'with a password': signIn,
    'as `npm run token` has it': () => platform.token('patient', platform.sample.patientId),
  };

  it.each(Object.keys(ways))('%s that is revoked is refused by every function within a second', async (way) => {
    const { patientId, practitionerId } = platform.sample;
    const paths = [
      '/fr/me',
      `/fr/bookings?patientId=${patientId}`,
      `/fr/practitioners/${practitionerId}/availability`,
      `/fr/patients/${patientId}/results`,
      `/fr/homekit/devices/${randomUUID()}`,
      `/fr/exports/${randomUUID()}`,
    ];
    const statusesOf = (token: string) =>
      Promise.all(paths.map(async (path) => (await ask({ path, headers: bearer(token) })).status));
    const [here, there] = [await signIn(), (await ways[way]?.()) ?? ''];
    const before = await statusesOf(there);
    expect(before).not.toContain(401);
    const listed = await ask({ path: '/fr/me/sessions', headers: bearer(there) });
    const other = Sessions.parse(JSON.parse(listed.body)).items.find(({ isCurrent }) => isCurrent);
    const path = `/fr/me/sessions/${other?.id}`;
    expect((await ask({ method: 'DELETE', path, headers: bearer(here) })).status).toBe(204);
    const revokedAt = performance.now();
    const refused = async () => (await statusesOf(there)).every((status) => status === 401);
    await until(refused, { what: 'every function to refuse the session' });
    expect(performance.now() - revokedAt).toBeLessThan(1_000);
    expect(await statusesOf(here)).toEqual(before);
  });
});

describe('what is another’s', () => {
  async function book(): Promise<string> {
    const { patientId, practitionerId, visitTypeId } = platform.sample;
    const token = await platform.token('patient', patientId);
    const found = await ask({
      path: `/fr/practitioners/${practitionerId}/availability?days=30&visitTypeId=${visitTypeId}`,
      headers: bearer(token),
    });
    const { nextAvailable } = z.object({ nextAvailable: z.string() }).parse(JSON.parse(found.body));
    const body = JSON.stringify({ ...platform.sample, slotStart: nextAvailable });
    const booked = await ask({ method: 'POST', path: '/fr/bookings', headers: { ...json, ...bearer(token) }, body });
    expect(booked.status).toBe(201);
    return z.object({ id: z.string() }).parse(JSON.parse(booked.body)).id;
  }

  it('is not there for a stranger, and not in another country', async () => {
    const id = await book();
    const strangers = [
      await platform.token('patient', randomUUID()),
      await platform.token('practitioner', randomUUID()),
      await platform.token('patient', platform.sample.practitionerId),
    ];
    const calls = [
      { method: 'GET', path: `/fr/bookings/${id}` },
      { method: 'POST', path: `/fr/bookings/${id}/cancel`, body: '{}' },
    ];
    for (const token of strangers) {
      for (const call of calls) {
        expect((await ask({ ...call, headers: { ...json, ...bearer(token) } })).status).toBe(404);
      }
      const theirs = `/fr/bookings?patientId=${platform.sample.patientId}`;
      expect((await ask({ path: theirs, headers: bearer(token) })).status).toBe(403);
    }
    const owner = await platform.token('patient', platform.sample.patientId);
    expect((await ask({ path: `/de/bookings/${id}`, headers: bearer(owner) })).status).toBe(403);
    expect((await ask({ path: `/fr/bookings/${id}`, headers: bearer(owner) })).status).toBe(200);
  });
});
