import { randomUUID } from 'node:crypto';

import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ConsentGiven, ConsentWithdrawn } from '../../../schemas/events/customer.v1.ts';
import {
  addCustomer,
  ask,
  asPatient,
  type CustomerWorld,
  eventOf,
  eventsOf,
  openCustomerWorld,
  taken,
  typesOf,
} from './customer-world.ts';

type Consent = {
  readonly purpose: string;
  readonly decision: string;
  readonly consentVersion: string;
  version: number;
};

let world: CustomerWorld;
beforeAll(async () => {
  world = await openCustomerWorld();
});
afterAll(() => world.close());

const given = { purpose: 'research', consentVersion: '2026-03' } as const;

function give(id: string, body: object = given, headers: Record<string, string> = {}) {
  return ask(world, 'POST /fr/me/consents', { as: asPatient(id), body, headers });
}

function withdraw(id: string, purpose = 'research') {
  return ask(world, `DELETE /fr/me/consents/${purpose}`, { as: asPatient(id) });
}

async function list(id: string): Promise<Consent[]> {
  return (await ask(world, 'GET /fr/me/consents', { as: asPatient(id) })).json<{ items: Consent[] }>().items;
}

async function ledger(id: string) {
  const { rows } = await world.admin.execute<{ version: number; decision: string; consent_version: string }>(
    sql`SELECT version, decision, consent_version FROM patient.consents WHERE patient_id = ${id} ORDER BY version`,
  );
  return rows.map((row) => [row.version, row.decision, row.consent_version]);
}

/** What another context reads of it, at this moment. */
async function readElsewhere(id: string) {
  const { rows } = await world.admin.execute<{ decision: string }>(
    sql`SELECT decision FROM patient.published_consents WHERE patient_id = ${id} AND purpose = 'research'`,
  );
  return rows[0]?.decision;
}

describe('a consent', () => {
  it('holds from its answer on, and not from the answer to its withdrawal on, for every reader', async () => {
    const id = await addCustomer(world);
    const answer = await give(id);
    expect([answer.statusCode, answer.json()]).toEqual([
      201,
      { ...given, decision: 'given', version: 1, decidedAt: expect.any(String) },
    ]);
    expect(await readElsewhere(id)).toBe('given');
    expect((await withdraw(id)).statusCode).toBe(204);
    expect([await readElsewhere(id), (await list(id)).map(({ decision }) => decision)]).toEqual([
      'withdrawn',
      ['withdrawn'],
    ]);
    await give(id, { ...given, consentVersion: '2026-09' });
    expect(await ledger(id)).toEqual([
      [1, 'given', '2026-03'],
      [2, 'withdrawn', '2026-03'],
      [3, 'given', '2026-09'],
    ]);
    expect((await typesOf(world, id)).slice(2)).toEqual(['consent.given', 'consent.withdrawn', 'consent.given']);
    const [event] = (await eventsOf(world, id)).slice(-1);
    const { occurredAt, ...data } = ConsentGiven.data.parse(event?.data);
    expect(data).toEqual({ ...given, customerId: id, country: 'fr', version: 3, consentVersion: '2026-09' });
    expect(occurredAt).toBe(event?.time);
  });

  it('that says nothing new is not written again', async () => {
    const id = await addCustomer(world);
    const first = (await give(id)).json<Consent>();
    expect((await give(id)).json()).toEqual(first);
    await withdraw(id);
    expect((await withdraw(id)).statusCode).toBe(204);
    expect(await ledger(id)).toHaveLength(2);
  });

  it('is for each purpose its own', async () => {
    const id = await addCustomer(world);
    await give(id);
    await give(id, { ...given, purpose: 'marketing' });
    await withdraw(id);
    expect((await list(id)).map(({ purpose, decision, version }) => [purpose, decision, version])).toEqual([
      ['marketing', 'given', 1],
      ['research', 'withdrawn', 2],
    ]);
  });

  it('is answered once under one key, whatever came between', async () => {
    const id = await addCustomer(world);
    const headers = { 'idempotency-key': 'first' };
    const first = await give(id, given, headers);
    await withdraw(id);
    const again = await give(id, given, headers);
    expect([again.json(), again.headers['idempotency-replayed']]).toEqual([first.json(), 'true']);
    expect((await list(id)).map(({ decision }) => decision)).toEqual(['withdrawn']);
    expect((await give(id, { ...given, purpose: 'marketing' }, headers)).statusCode).toBe(422);
  });

  it('given and withdrawn by many at once is a ledger without a gap, and every decision is told of', async () => {
    const id = await addCustomer(world);
    await give(id);
    const decisions = Array.from({ length: 8 }, (_, index) => (index % 2 ? give(id) : withdraw(id)));
    for (const { statusCode } of await Promise.all(decisions)) expect([201, 204]).toContain(statusCode);
    const written = await ledger(id);
    expect(written.map(([version]) => version)).toEqual(written.map((_, index) => index + 1));
    const alternating = written.map(([version]) => (Number(version) % 2 ? 'given' : 'withdrawn'));
    expect(written.map(([, decision]) => decision)).toEqual(alternating);
    expect((await typesOf(world, id)).slice(2)).toEqual(alternating.map((decision) => `consent.${decision}`));
  });

  it('that nobody knows of is withdrawn all the same, once, and told of without a text', async () => {
    const id = await addCustomer(world);
    expect([(await withdraw(id)).statusCode, (await withdraw(id)).statusCode]).toEqual([204, 204]);
    expect([await readElsewhere(id), await ledger(id)]).toEqual(['withdrawn', [[1, 'withdrawn', null]]]);
    expect(await list(id)).toEqual([
      { purpose: 'research', decision: 'withdrawn', version: 1, decidedAt: expect.any(String) },
    ]);
    const [event] = (await eventsOf(world, id)).slice(-1);
    expect(ConsentWithdrawn.data.parse(event?.data)).not.toHaveProperty('consentVersion');
    if (event) await taken(world, event);
    expect(await ledger(id)).toHaveLength(1);
  });

  it('is given and withdrawn by nobody without an account', async () => {
    for (const answer of [await give(randomUUID()), await withdraw(randomUUID())]) expect(answer.statusCode).toBe(404);
    const id = await addCustomer(world);
    expect((await ask(world, 'POST /de/me/consents', { as: asPatient(id), body: given })).statusCode).toBe(404);
    expect((await give(id, { ...given, purpose: 'everything' })).statusCode).toBe(400);
    expect((await withdraw(id, 'everything')).statusCode).toBe(400);
  });
});

describe('the ledger', () => {
  it('holds what events tell, in whatever order they come, and before there is an account', async () => {
    const id = randomUUID();
    const decided = { customerId: id, country: 'fr', occurredAt: '2031-03-03T09:00:00Z', ...given } as const;
    await taken(world, eventOf(ConsentWithdrawn, { ...decided, version: 2 }));
    expect(await readElsewhere(id)).toBe('withdrawn');
    await taken(world, eventOf(ConsentGiven, { ...decided, version: 1 }));
    await taken(world, eventOf(ConsentGiven, { ...decided, version: 1 }));
    expect([await readElsewhere(id), await ledger(id)]).toEqual([
      'withdrawn',
      [
        [1, 'given', '2026-03'],
        [2, 'withdrawn', '2026-03'],
      ],
    ]);
  });

  it('is never written over', async () => {
    const rewrite = world.db.execute(sql`UPDATE patient.consents SET decision = decision`);
    await expect(rewrite).rejects.toMatchObject({ cause: { code: '42501' } });
  });
});
