import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { ConsentGiven } from '../../../schemas/events/customer.v1.ts';
import type { TestDatabase } from '../../support/services/database.ts';
import { createRedisDatabase } from '../../support/services/redis-database.ts';
import { until } from '../../support/until.ts';
import { type Proxy, startProxy } from '../booking/proxy.ts';
import {
  addCustomer,
  ask,
  asPatient,
  type CustomerWorld,
  deliver,
  eventOf,
  eventsOf,
  openCustomerWorld,
  profile,
  publishedIds,
  taken,
  typesOf,
} from './customer-world.ts';

type Ways = { readonly patient: Proxy; readonly redis: Proxy; readonly eventLog: Proxy };

let ways: Ways;
let world: CustomerWorld;

async function throughProxies(database: TestDatabase): Promise<Record<string, string>> {
  const [patient, redis, eventLog] = await Promise.all([
    startProxy(database.urlFor('careflow_patient')),
    startProxy(await createRedisDatabase()),
    startProxy(database.url),
  ]);
  ways = { patient, redis, eventLog };
  return { DATABASE_URL_PATIENT: patient.url, REDIS_URL: redis.url, EVENT_LOG_URL: eventLog.url };
}

beforeAll(async () => {
  world = await openCustomerWorld(throughProxies);
});
afterEach(async () => {
  await Promise.all(Object.values(ways).map((way) => way.mend()));
});
afterAll(async () => {
  await world.close();
  await Promise.all(Object.values(ways).map((way) => way.close()));
});

const consent = { purpose: 'research', consentVersion: '2026-03' } as const;

function given(customerId: string, version: number) {
  const data = { customerId, country: 'fr', version, occurredAt: '2031-03-03T09:00:00Z', ...consent };
  return eventOf(ConsentGiven, data);
}

describe('while the database is away', () => {
  it('people are told when to come back, and events come again; nothing is half done', async () => {
    const id = await addCustomer(world);
    const as = asPatient(id);
    const order = { patientId: id, kind: 'test-kit', item: 'kit-ferritin' };
    const event = given(id, 1);
    await ways.patient.cut();
    const refused = await Promise.all([
      ask(world, 'PUT /fr/me', { as, body: profile }),
      ask(world, 'GET /fr/me/preferences', { as }),
      ask(world, 'POST /fr/me/consents', { as, body: { ...consent, purpose: 'marketing' } }),
      ask(world, 'POST /fr/orders', { as, body: order }),
      ask(world, 'GET /fr/me/sessions', { as }),
    ]);
    for (const { statusCode, headers } of refused) expect([statusCode, headers['retry-after']]).toEqual([503, '5']);
    expect((await deliver(world, event)).statusCode).toBe(503);
    expect((await world.app.inject('/health/ready')).json()).toMatchObject({ failing: ['patient'] });
    await ways.patient.mend();
    expect(await typesOf(world, id)).toEqual(['account.updated', 'profile.changed']);
    await taken(world, event);
    expect((await ask(world, 'POST /fr/orders', { as, body: order })).statusCode).toBe(201);
    expect((await world.app.inject('/health/ready')).statusCode).toBe(200);
  });

  it('that goes away under load, what was answered is there, and an order under one key is one', async () => {
    const ids = await Promise.all(Array.from({ length: 40 }, () => addCustomer(world)));
    const place = (patientId: string) =>
      ask(world, 'POST /fr/orders', {
        as: asPatient(patientId),
        body: { patientId, kind: 'test-kit', item: 'kit-ferritin' },
        headers: { 'idempotency-key': 'under-load' },
      });
    const asked = ids.map(place);
    const placed = async () =>
      (await Promise.all(ids.map((id) => typesOf(world, id)))).filter((types) => types.includes('order.placed')).length;
    await until(async () => (await placed()) > 3, { what: 'some orders' });
    await ways.patient.cut();
    const statuses = new Set((await Promise.all(asked)).map(({ statusCode }) => statusCode));
    expect([...statuses].filter((status) => status !== 201 && status !== 503)).toEqual([]);
    await ways.patient.mend();
    const answers = await Promise.all(ids.map(place));
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([201]));
    for (const id of ids) {
      expect((await typesOf(world, id)).filter((type) => type === 'order.placed')).toHaveLength(1);
    }
  });
});

describe.each(['cut off', 'silent'] as const)('while Redis is %s', (how) => {
  it('everything goes on', async () => {
    if (how === 'cut off') await ways.redis.cut();
    else ways.redis.stall();
    const id = await addCustomer(world);
    expect((await ask(world, 'GET /fr/me', { as: asPatient(id) })).statusCode).toBe(200);
    await taken(world, given(id, 1));
  });
});

describe('while the event log is away', () => {
  it('changes are made, and told of in order when it is back', async () => {
    const id = await addCustomer(world);
    await until(async () => (await publishedIds(world, id)).length === 2, { what: 'the first events' });
    await ways.eventLog.cut();
    for (const familyName of ['Un', 'Deux']) {
      const answer = await ask(world, 'PUT /fr/me', { as: asPatient(id), body: { ...profile, familyName } });
      expect(answer.statusCode).toBe(200);
    }
    await ways.eventLog.mend();
    await ask(world, 'PUT /fr/me', { as: asPatient(id), body: { ...profile, familyName: 'Trois' } });
    const all = (await eventsOf(world, id)).map((event) => event.id);
    await until(async () => (await publishedIds(world, id)).length >= 5, { what: 'the other events' });
    expect([all.length, [...new Set(await publishedIds(world, id))]]).toEqual([5, all]);
  });
});
