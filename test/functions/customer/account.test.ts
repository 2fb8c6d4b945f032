import { createHash, randomUUID } from 'node:crypto';

import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Profile } from '../../../schemas/customer.ts';
import { AccountUpdated, AddressBounced, ProfileChanged } from '../../../schemas/events/customer.v1.ts';
import { addPatient } from '../../support/practices.ts';
import { until } from '../../support/until.ts';
import {
  addCustomer,
  ask,
  asPatient,
  type CustomerWorld,
  eventOf,
  eventsOf,
  OFFICE,
  openCustomerWorld,
  personal,
  profile,
  publishedIds,
  statusesOf,
  taken,
  typesOf,
} from './customer-world.ts';

let world: CustomerWorld;
beforeAll(async () => {
  world = await openCustomerWorld();
});
afterAll(() => world.close());

const occurredAt = '2031-03-03T09:00:00Z';

describe('PUT /{country}/me', () => {
  it('opens an account with its profile and tells of both, sealed', async () => {
    const id = randomUUID();
    const answer = await ask(world, 'PUT /fr/me', { as: asPatient(id), body: profile });
    expect([answer.statusCode, answer.headers.etag]).toEqual([200, '"1"']);
    const addresses = [
      { channel: 'email', isVerified: false },
      { channel: 'sms', isVerified: false },
    ];
    expect(answer.json()).toEqual({ id, status: 'active', ...profile, version: 1, addresses });
    const [opened, changed] = await eventsOf(world, id);
    expect(AccountUpdated.data.parse(opened?.data)).toMatchObject({ customerId: id, version: 1, status: 'active' });
    const { sealed } = ProfileChanged.data.parse(changed?.data);
    expect(Profile.parse(await world.seals.unseal(world.db, id, sealed))).toEqual(profile);
    await until(async () => (await publishedIds(world, id)).length === 2, { what: 'both events' });
    expect(await publishedIds(world, id)).toEqual([opened?.id, changed?.id]);
  });

  it('writes the profile as a whole: what is left out is gone, and what stays stays verified', async () => {
    const id = await addPatient(world.admin);
    await world.admin.execute(sql`UPDATE patient.contact_points SET verified_at = now() WHERE patient_id = ${id}`);
    const { phone: _, ...rest } = profile;
    const body = { ...rest, email: `${id}@example.com`, familyName: 'Moreau-Petit' };
    const answer = await ask(world, 'PUT /fr/me', { as: asPatient(id), body, headers: { 'if-match': '"1"' } });
    const addresses = [{ channel: 'email', isVerified: true }];
    expect(answer.json()).toEqual({ id, status: 'active', ...body, version: 2, addresses });
    const moved = await ask(world, 'PUT /fr/me', { as: asPatient(id), body: { ...body, email: 'new@example.com' } });
    expect(moved.json()).toMatchObject({ version: 3, addresses: [{ channel: 'email', isVerified: false }] });
    expect(await typesOf(world, id)).toEqual(['profile.changed', 'profile.changed']);
  });

  it('refuses to write over what has changed since it was read', async () => {
    const id = await addCustomer(world);
    await ask(world, 'PUT /fr/me', { as: asPatient(id), body: profile });
    const stale = { as: asPatient(id), body: profile, headers: { 'if-match': '"1"' } };
    const answer = await ask(world, 'PUT /fr/me', stale);
    expect([answer.statusCode, answer.json()]).toEqual([412, expect.objectContaining({ version: 2 })]);
    const none = await ask(world, 'PUT /fr/me', { ...stale, as: asPatient(randomUUID()) });
    expect(none.statusCode).toBe(412);
  });

  it('lets one of many at once through who have read the same', async () => {
    const id = await addCustomer(world);
    const send = () => ask(world, 'PUT /fr/me', { as: asPatient(id), body: profile, headers: { 'if-match': '"1"' } });
    expect(statusesOf(await Promise.all(Array.from({ length: 6 }, send)))).toEqual([200, 412, 412, 412, 412, 412]);
    expect(await typesOf(world, id)).toEqual(['account.updated', 'profile.changed', 'profile.changed']);
  });

  it('opens one account for many at once', async () => {
    const id = randomUUID();
    const send = () => ask(world, 'PUT /fr/me', { as: asPatient(id), body: profile });
    expect(statusesOf(await Promise.all(Array.from({ length: 6 }, send)))).toEqual([200, 200, 200, 200, 200, 200]);
    const types = await typesOf(world, id);
    expect([types.length, types.filter((type) => type === 'account.updated')]).toEqual([7, ['account.updated']]);
  });

  it('is nobody’s but the customer’s, in their own country', async () => {
    const id = await addCustomer(world);
    expect((await ask(world, 'PUT /de/me', { as: asPatient(id), body: profile })).statusCode).toBe(404);
    expect((await ask(world, 'GET /de/me', { as: asPatient(id) })).statusCode).toBe(404);
    expect((await ask(world, 'PUT /fr/me', { as: OFFICE, body: profile })).statusCode).toBe(403);
    expect((await ask(world, 'PUT /fr/me', { as: asPatient('nobody'), body: profile })).statusCode).toBe(404);
  });

  it.each([
    ['a time zone that there is not', { timeZone: 'Europe/Atlantis' }],
    ['an offset for a time zone', { timeZone: '+01:00' }],
    ['a day that there is not', { birthDate: '1985-02-30' }],
    ['a number without its country', { phone: '0639980001' }],
    ['an address that is none', { email: 'camille' }],
    ['a name of nothing', { givenName: ' ' }],
    ['a member too many', { role: 'admin' }],
  ])('refuses %s, and repeats nothing of it', async (_, wrong) => {
    const answer = await ask(world, 'PUT /fr/me', { as: asPatient(randomUUID()), body: { ...profile, ...wrong } });
    expect(answer.statusCode).toBe(400);
    for (const word of personal) expect(answer.payload).not.toContain(word);
  });
});

describe('GET /{country}/me', () => {
  it('says which address takes no messages, until there is another', async () => {
    const id = await addCustomer(world);
    const addressHash = createHash('sha256').update(`email:${profile.email}`).digest('hex');
    const data = {
      customerId: id,
      country: 'fr',
      occurredAt,
      channel: 'email',
      addressHash,
      reason: 'bounced',
    } as const;
    await taken(world, eventOf(AddressBounced, data));
    const read = async () => (await ask(world, 'GET /fr/me', { as: asPatient(id) })).json<object>();
    const email = { channel: 'email', isVerified: false };
    const sms = { channel: 'sms', isVerified: false };
    expect(await read()).toMatchObject({ addresses: [{ ...email, suppressed: 'bounced' }, sms] });
    await ask(world, 'PUT /fr/me', { as: asPatient(id), body: { ...profile, email: 'other@example.com' } });
    expect(await read()).toMatchObject({ addresses: [email, sms] });
  });

  it('knows nobody who has no account', async () => {
    expect((await ask(world, 'GET /fr/me', { as: asPatient(randomUUID()) })).statusCode).toBe(404);
  });
});

describe('/{country}/me/preferences', () => {
  const wish = {
    language: 'fr',
    channels: { reminder: { sms: false }, critical: { sms: true } },
    quietHours: { from: '22:00', to: '07:30' },
  } as const;

  it('are what nobody has said anything about, then what is said, told of sealed', async () => {
    const id = await addCustomer(world);
    const as = asPatient(id);
    const unsaid = await ask(world, 'GET /fr/me/preferences', { as });
    expect([unsaid.headers.etag, unsaid.json()]).toEqual(['"1"', { language: 'en', channels: {}, version: 1 }]);
    const put = await ask(world, 'PUT /fr/me/preferences', { as, body: wish, headers: { 'if-match': '"1"' } });
    expect([put.statusCode, put.json()]).toEqual([200, { ...wish, version: 2 }]);
    expect((await ask(world, 'GET /fr/me/preferences', { as })).json()).toEqual({ ...wish, version: 2 });
    const { rows } = await world.admin.execute(
      sql`SELECT quiet_start_minute, quiet_end_minute FROM patient.published_contact_points WHERE patient_id = ${id}`,
    );
    expect(rows).toEqual([{ quiet_start_minute: 1320, quiet_end_minute: 450 }]);
    expect(await typesOf(world, id)).toEqual(['account.updated', 'profile.changed', 'preferences.changed']);
    const stale = await ask(world, 'PUT /fr/me/preferences', { as, body: wish, headers: { 'if-match': '"1"' } });
    expect(stale.statusCode).toBe(412);
  });

  it('lets one of many first ones at once through', async () => {
    const as = asPatient(await addCustomer(world));
    const send = () => ask(world, 'PUT /fr/me/preferences', { as, body: wish, headers: { 'if-match': '"1"' } });
    expect(statusesOf(await Promise.all([send(), send(), send()]))).toEqual([200, 412, 412]);
  });

  it.each([
    ['a language nobody writes', { language: 'it' }],
    ['a channel that there is not', { channels: { booking: { fax: true } } }],
    ['a kind of message that there is not', { channels: { gossip: { sms: true } } }],
    ['half of the quiet hours', { quietHours: { from: '22:00' } }],
    ['an hour that there is not', { quietHours: { from: '24:00', to: '07:00' } }],
  ])('refuse %s', async (_, wrong) => {
    const as = asPatient(await addCustomer(world));
    expect((await ask(world, 'PUT /fr/me/preferences', { as, body: { ...wish, ...wrong } })).statusCode).toBe(400);
  });

  it('are nobody’s who has no account', async () => {
    const as = asPatient(randomUUID());
    expect((await ask(world, 'GET /fr/me/preferences', { as })).statusCode).toBe(404);
    expect((await ask(world, 'PUT /fr/me/preferences', { as, body: wish })).statusCode).toBe(404);
  });
});

it('logs nothing of who anybody is, and keeps it out of every event', async () => {
  expect(world.logged().length).toBeGreaterThan(10);
  const { rows } = await world.admin.execute(sql`SELECT event FROM patient.outbox`);
  const told = `${world.logged().join('')}${JSON.stringify(rows)}`;
  for (const word of personal) expect(told).not.toContain(word);
});
