import { createHash, randomUUID } from 'node:crypto';

import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { subscriptionsOf } from '../../../functions/customer/subscriptions.ts';
import { events } from '../../../infra/contracts/contracts.ts';
import type { AnyEvent } from '../../../schemas/events/contract.ts';
import {
  AccountErased,
  AccountUpdated,
  AddressBounced,
  ConsentGiven,
  ConsentWithdrawn,
  PreferencesChanged,
  ProfileChanged,
} from '../../../schemas/events/customer.v1.ts';
import { destroySubjectKey } from '../../../shared/db/subject-keys.ts';
import { createDice, type Dice } from '../../../infra/seed/dice.ts';
import {
  addCustomer,
  ask,
  asPatient,
  type CustomerWorld,
  deliver,
  eventOf,
  openCustomerWorld,
  personal,
  profile,
  taken,
} from './customer-world.ts';

const Customer = z.looseObject({ customerId: z.uuid() });
const first = Temporal.Instant.from('2031-03-03T09:00:00Z');
const preferences = { language: 'fr', channels: { reminder: { sms: false } } } as const;

/** What an event says of a customer, `version` minutes after the first. */
function about(customerId: string, version: number) {
  return { customerId, country: 'fr', version, occurredAt: first.add({ minutes: version }).toString() };
}

async function profileChanged(world: CustomerWorld, id: string, version: number, changed: object = {}) {
  const sealed = await world.seals.sealFor(world.db, id, { ...profile, ...changed });
  return eventOf(ProfileChanged, { ...about(id, version), sealed });
}

/** Everything that is kept of customers, but when it was written down. */
async function stateOf({ admin }: CustomerWorld): Promise<Record<string, unknown>> {
  const tables = {
    accounts: 'SELECT * FROM patient.accounts',
    patients: 'SELECT * FROM patient.patients',
    addresses: 'SELECT * FROM patient.contact_points',
    preferences: 'SELECT * FROM patient.preferences',
    consents: `SELECT patient_id, purpose, version, country_code, decision, consent_version, occurred_at
      FROM patient.consents`,
    bounced: 'SELECT * FROM patient.bounced_addresses',
    keys: 'SELECT patient_id, wrapped_key FROM patient.subject_keys',
  };
  const state: Record<string, unknown> = {};
  for (const [name, query] of Object.entries(tables)) {
    state[name] = (await admin.execute(sql.raw(`SELECT t::text FROM (${query}) t ORDER BY 1`))).rows;
  }
  return state;
}

describe('an event about a customer', () => {
  let world: CustomerWorld;
  beforeAll(async () => {
    world = await openCustomerWorld();
  });
  afterAll(() => world.close());

  async function read(id: string) {
    return (await ask(world, 'GET /fr/me', { as: asPatient(id) })).json<{ version: number; familyName?: string }>();
  }

  it('is taken in every topic that is read, or passed in so many words', () => {
    const topics = new Set(['customer-events', 'homekit-events', 'result-events']);
    const published = events.flatMap(({ topic, type }) => (topic !== undefined && topics.has(topic) ? [type] : []));
    const deps = { db: world.db, seals: world.seals, publish: () => undefined, now: () => first };
    const subscribed = subscriptionsOf(deps).map(({ contract }) => contract.type);
    expect(subscribed.toSorted()).toEqual(published.toSorted());
  });

  it('that comes before the account is what the account begins with', async () => {
    const id = randomUUID();
    await taken(
      world,
      eventOf(PreferencesChanged, { ...about(id, 4), sealed: await world.seals.sealFor(world.db, id, preferences) }),
    );
    expect((await ask(world, 'GET /fr/me', { as: asPatient(id) })).statusCode).toBe(404);
    await taken(world, await profileChanged(world, id, 3, { familyName: 'Petit' }));
    await taken(world, eventOf(AccountUpdated, { ...about(id, 2), status: 'suspended' }));
    expect(await read(id)).toMatchObject({ status: 'suspended', familyName: 'Petit', version: 3 });
    const wanted = await ask(world, 'GET /fr/me/preferences', { as: asPatient(id) });
    expect(wanted.json()).toEqual({ ...preferences, version: 4 });
  });

  it('never overwrites what is newer, whatever part it is of', async () => {
    const id = randomUUID();
    await taken(world, await profileChanged(world, id, 5, { familyName: 'Neuve' }));
    await taken(world, await profileChanged(world, id, 4, { familyName: 'Vieux' }));
    await taken(world, await profileChanged(world, id, 5, { familyName: 'Autre' }));
    expect(await read(id)).toMatchObject({ familyName: 'Neuve', version: 5 });
    await taken(world, await profileChanged(world, id, 6, { familyName: 'Neuve-Petit' }));
    expect(await read(id)).toMatchObject({ familyName: 'Neuve-Petit', version: 6 });
  });

  it('that the function told of itself changes nothing when it comes back', async () => {
    const id = await addCustomer(world);
    const before = await stateOf(world);
    const { rows } = await world.admin.execute<{ event: AnyEvent }>(
      sql`SELECT event FROM patient.outbox WHERE partition_key = ${id} ORDER BY seq`,
    );
    for (const { event } of [...rows, ...rows]) await taken(world, event);
    expect([rows.length, await stateOf(world)]).toEqual([2, before]);
  });

  it('has its effect once, however many deliveries come at once', async () => {
    const id = await addCustomer(world);
    const event = await profileChanged(world, id, 2, { familyName: 'Petit' });
    await Promise.all(Array.from({ length: 8 }, () => taken(world, event)));
    expect(await read(id)).toMatchObject({ familyName: 'Petit', version: 2 });
    const claims = sql`SELECT FROM patient.inbox WHERE event_id = ${event.id}`;
    expect((await world.admin.execute(claims)).rowCount).toBe(1);
  });

  it('keeps of an address the latest that is known, and of two at a time the complaint', async () => {
    const id = await addCustomer(world);
    const addressHash = createHash('sha256').update(`email:${profile.email}`).digest('hex');
    const bounced = (minutes: number, reason: 'bounced' | 'complained') => {
      const { version: _, ...who } = about(id, minutes);
      return eventOf(AddressBounced, { ...who, channel: 'email', addressHash, reason });
    };
    const suppressed = async () => {
      const { rows } = await world.admin.execute(
        sql`SELECT reason FROM patient.bounced_addresses WHERE patient_id = ${id}`,
      );
      return rows;
    };
    await taken(world, bounced(7, 'bounced'));
    await taken(world, bounced(6, 'complained'));
    expect(await suppressed()).toEqual([{ reason: 'bounced' }]);
    await taken(world, bounced(7, 'complained'));
    await taken(world, bounced(7, 'bounced'));
    expect(await suppressed()).toEqual([{ reason: 'complained' }]);
  });

  it('of who is erased leaves nothing behind, and nothing that comes later brings anything back', async () => {
    const id = await addCustomer(world);
    await ask(world, 'POST /fr/orders', {
      as: asPatient(id),
      body: { patientId: id, kind: 'test-kit', item: 'kit-ferritin' },
      headers: { 'idempotency-key': 'erased' },
    });
    const late = await profileChanged(world, id, 9);
    await taken(world, eventOf(AccountErased, about(id, 8)));
    await taken(world, eventOf(AccountErased, about(id, 8)));
    await taken(world, late);
    await taken(world, eventOf(ConsentGiven, { ...about(id, 1), purpose: 'research', consentVersion: '1' }));
    await taken(world, eventOf(AccountUpdated, { ...about(id, 10), status: 'active' }));
    const kept = Object.entries(await stateOf(world)).filter(([, rows]) => JSON.stringify(rows).includes(id));
    expect(kept.map(([table]) => table)).toEqual(['accounts', 'keys']);
    expect(JSON.stringify(kept)).toMatch(/erased/);
    expect((await ask(world, 'GET /fr/me', { as: asPatient(id) })).statusCode).toBe(404);
    expect((await ask(world, 'PUT /fr/me', { as: asPatient(id), body: profile })).statusCode).toBe(404);
    const rest = sql`SELECT FROM patient.orders WHERE patient_id = ${id}
      UNION ALL SELECT FROM patient.idempotency_keys WHERE subject = ${id}`;
    expect((await world.admin.execute(rest)).rowCount).toBe(0);
  });

  it('sealed with a key that is gone is passed, and with one that never was', async () => {
    const [id, stranger] = [await addCustomer(world), randomUUID()];
    const event = await profileChanged(world, id, 2, { familyName: 'Petit' });
    await taken(world, { ...event, id: randomUUID(), data: { ...Object(event.data), customerId: stranger } });
    await world.db.transaction((tx) => destroySubjectKey(tx, id, first));
    await taken(world, event);
    expect(await read(id)).toMatchObject({ familyName: profile.familyName, version: 1 });
  });

  it('that was sealed for another, changed or filled with something else goes to the dead letters', async () => {
    const [id, other] = [await addCustomer(world), await addCustomer(world)];
    const { sealed } = ProfileChanged.data.parse((await profileChanged(world, other, 2)).data);
    const wrong = [
      eventOf(ProfileChanged, { ...about(id, 2), sealed }),
      eventOf(ProfileChanged, { ...about(other, 2), sealed: `${sealed.slice(0, -3)}AAA` }),
      await profileChanged(world, id, 2, { birthDate: 'tomorrow' }),
      await profileChanged(world, id, 2, { more: 1 }),
      eventOf(PreferencesChanged, { ...about(id, 2), sealed: await world.seals.sealFor(world.db, id, profile) }),
    ];
    for (const event of wrong) {
      const answer = await deliver(world, event);
      expect([answer.statusCode, answer.json()]).toEqual([422, expect.objectContaining({ reason: 'unprocessable' })]);
      for (const word of personal) expect(answer.payload).not.toContain(word);
    }
    expect(await read(id)).toMatchObject({ version: 1 });
  });

  it('of a patient of another country is refused', async () => {
    const id = await addCustomer(world, 'de');
    const answer = await deliver(world, await profileChanged(world, id, 2));
    expect([answer.statusCode, answer.json()]).toEqual([422, expect.objectContaining({ reason: 'unprocessable' })]);
  });

  it('is logged without anything of it but its type and id', () => {
    expect(world.logged().some((line) => line.includes(ProfileChanged.type))).toBe(true);
    for (const word of personal) expect(world.logged().join('')).not.toContain(word);
  });
});

describe('10,000 events of customers', () => {
  const EVENTS = 10_000;
  const CUSTOMERS = 200;
  const BATCH = 100;
  const LANES = 8;

  let ordered: CustomerWorld;
  let shuffled: CustomerWorld;
  beforeAll(async () => {
    [ordered, shuffled] = await Promise.all([openCustomerWorld(), openCustomerWorld()]);
  });
  afterAll(() => Promise.all([ordered.close(), shuffled.close()]));

  /** The next event of a customer, of any part; `versions` counts how often each part has changed. */
  async function nextEvent(id: string, dice: Dice, versions: Map<string, number>): Promise<AnyEvent> {
    const next = (part: string) => {
      const version = (versions.get(part) ?? 0) + 1;
      versions.set(part, version);
      return about(id, version);
    };
    const part = dice.pick(['account', 'profile', 'preferences', 'consent', 'consent', 'address']);
    if (part === 'account') {
      return eventOf(AccountUpdated, { ...next(part), status: dice.chance(0.5) ? 'active' : 'suspended' });
    }
    if (part === 'profile') {
      const { phone: _, ...rest } = profile;
      const content = { ...(dice.chance(0.5) ? profile : rest), familyName: `Moreau ${dice.below(1_000)}` };
      return eventOf(ProfileChanged, { ...next(part), sealed: await ordered.seals.sealFor(ordered.db, id, content) });
    }
    if (part === 'preferences') {
      const content = { ...preferences, channels: { reminder: { sms: dice.chance(0.5) } } };
      return eventOf(PreferencesChanged, {
        ...next(part),
        sealed: await ordered.seals.sealFor(ordered.db, id, content),
      });
    }
    if (part === 'consent') {
      const purpose = dice.chance(0.5) ? 'research' : 'marketing';
      const consentVersion = `2031-${dice.below(9) + 1}`;
      const data = { ...next(purpose), purpose, consentVersion } as const;
      return dice.chance(0.5) ? eventOf(ConsentGiven, data) : eventOf(ConsentWithdrawn, data);
    }
    const { version: _, ...who } = next('address');
    const addressHash = dice.pick(['0', '1', '2']).repeat(64);
    return eventOf(AddressBounced, {
      ...who,
      channel: 'email',
      addressHash,
      reason: dice.chance(0.5) ? 'bounced' : 'complained',
    });
  }

  /** Every twentieth customer is erased in the end; shuffled, what else is told of them may come after that. */
  async function story(dice: Dice): Promise<AnyEvent[]> {
    const customers = Array.from({ length: CUSTOMERS }, () => ({
      id: randomUUID(),
      versions: new Map<string, number>(),
    }));
    const told: AnyEvent[] = [];
    for (let count = 0; count < EVENTS - CUSTOMERS / 20; count += 1) {
      const { id, versions } = customers[dice.below(CUSTOMERS)] ?? { id: '', versions: new Map<string, number>() };
      told.push(await nextEvent(id, dice, versions));
    }
    for (let index = 0; index < CUSTOMERS; index += 20) {
      const { id, versions } = customers[index] ?? { id: '', versions: new Map<string, number>() };
      told.push(eventOf(AccountErased, about(id, (versions.get('account') ?? 0) + 1)));
    }
    return told;
  }

  function shuffle<Item>(items: readonly Item[], dice: Dice): Item[] {
    return items
      .map((item) => ({ item, place: dice.below(2 ** 30) }))
      .toSorted((one, other) => one.place - other.place)
      .map(({ item }) => item);
  }

  /** Delivers events batch by batch. */
  async function deliverAll({ app }: CustomerWorld, told: readonly AnyEvent[]): Promise<void> {
    const headers = { 'content-type': 'application/cloudevents-batch+json' };
    for (let at = 0; at < told.length; at += BATCH) {
      const payload = JSON.stringify(told.slice(at, at + BATCH));
      const answer = await app.inject({ method: 'POST', url: '/events', headers, payload });
      expect([answer.statusCode, answer.payload]).toEqual([204, '']);
    }
  }

  /** Lanes side by side: the events of one customer in one lane, in their order, as a topic's partitions keep them. */
  function byCustomer(told: readonly AnyEvent[]): AnyEvent[][] {
    const laneOf = ({ data }: AnyEvent) => Number.parseInt(Customer.parse(data).customerId.slice(0, 2), 16) % LANES;
    return Object.values(Object.groupBy(told, laneOf)).map((lane = []) => lane);
  }

  /** Lanes side by side, whatever is in them. */
  function anyhow(told: readonly AnyEvent[]): AnyEvent[][] {
    return Object.values(Object.groupBy(told, (_, index) => index % LANES)).map((lane = []) => lane);
  }

  it('with 30 % duplicates, shuffled and many at once, end as they do once and in order', async () => {
    const dice = createDice('customers');
    const told = await story(dice);
    expect(told).toHaveLength(EVENTS);
    const { rows } = await ordered.admin.execute<{ patient_id: string; wrapped_key: string }>(
      sql`SELECT patient_id, wrapped_key FROM patient.subject_keys`,
    );
    await shuffled.admin.execute(
      sql`INSERT INTO patient.subject_keys (patient_id, wrapped_key)
        SELECT patient_id, wrapped_key FROM json_populate_recordset(NULL::patient.subject_keys, ${JSON.stringify(rows)}::json)`,
    );
    const again = told.filter(() => dice.chance(0.3));
    await Promise.all(byCustomer(told).map((lane) => deliverAll(ordered, lane)));
    await Promise.all(anyhow(shuffle([...told, ...again], dice)).map((lane) => deliverAll(shuffled, lane)));
    const [wanted, found] = [await stateOf(ordered), await stateOf(shuffled)];
    expect(JSON.stringify(wanted['consents'])).toContain('withdrawn');
    expect(found).toEqual(wanted);
  }, 300_000);
});
