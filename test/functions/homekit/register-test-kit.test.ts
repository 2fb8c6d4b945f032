import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { consents } from '../../../shared/db/schema/account.ts';
import { writeKitCode } from '../../../shared/domain/kit-code.ts';
import {
  addKit,
  addPerson,
  asPatient,
  get,
  type HomekitWorld,
  type Kit,
  MORNING,
  OFFICE,
  openHomekitWorld,
  post,
  registerKit,
} from './world.ts';

let world: HomekitWorld;
beforeAll(async () => {
  world = await openHomekitWorld();
});
afterAll(() => world.close());
beforeEach(() => world.setTime(MORNING));

function wish(kit: Kit, patientId: string, more: object = {}) {
  return { as: asPatient(patientId), body: { patientId, kitCode: kit.code, consentVersion: '2030-03', ...more } };
}

describe('a kit that its finder may use', () => {
  it('is accepted, then registered, and its order is told', async () => {
    const orderId = randomUUID();
    const [kit, patientId] = [await addKit(world, { orderId }), await addPerson(world)];
    const accepted = await post(world, 'test-kits', wish(kit, patientId));
    expect(accepted.statusCode).toBe(202);
    const { id, status } = accepted.json<{ id: string; status: string }>();
    expect(status).toBe('received');
    expect((await get(world, `test-kits/${id}`, asPatient(patientId))).json()).toMatchObject({ id, status });
    expect(await world.pump()).toEqual([204]);
    expect((await get(world, `test-kits/${id}`, asPatient(patientId))).json()).toMatchObject({
      status: 'registered',
      version: 2,
      kitCode: kit.code,
      testKitId: kit.id,
      orderId,
      rejection: null,
      custody: [{ step: 'registered', happenedAt: MORNING, recordedAt: MORNING, reason: null }],
    });
    const consent = { consentVersion: '2030-03', givenAt: MORNING };
    const told = { testKitId: kit.id, version: 2, country: 'fr', patientId, orderId, consent };
    expect(await world.told(kit.id)).toEqual([{ type: 'test-kit.registered', ...told }]);
  });

  it('is registered as of when it was asked for, however late that is seen to', async () => {
    const [kit, patientId] = [await addKit(world, { expiresOn: '2030-06-03' }), await addPerson(world)];
    const { id } = (await post(world, 'test-kits', wish(kit, patientId))).json<{ id: string }>();
    world.pass({ hours: 48 });
    expect(await world.pump()).toEqual([204]);
    expect((await get(world, `test-kits/${id}`, asPatient(patientId))).json()).toMatchObject({
      status: 'registered',
      custody: [{ step: 'registered', happenedAt: MORNING, recordedAt: '2030-06-05T09:00:00Z' }],
    });
  });

  it('is the same registration for the same person, who may type its code as they like', async () => {
    const [kit, patientId] = [await addKit(world), await addPerson(world)];
    const id = await registerKit(world, kit, patientId);
    const typed = ` ${kit.code.slice(0, 4).toLowerCase()}-${kit.code.slice(4, 8)} ${kit.code.slice(8)}`;
    const again = await post(world, 'test-kits', wish(kit, patientId, { kitCode: typed }));
    expect([again.statusCode, again.json()]).toEqual([202, { id, status: 'registered' }]);
    expect(await world.pump()).toEqual([]);
    expect(await world.told(kit.id)).toHaveLength(1);
  });

  it('is published to the laboratory by the barcode of its sample, and to nobody before', async () => {
    const [kit, patientId] = [await addKit(world), await addPerson(world)];
    const published = () =>
      world.rows('SELECT patient_id, test_kit_id FROM homekit.published_test_kits WHERE sample_barcode = $1', [
        kit.barcode,
      ]);
    expect(await published()).toEqual([]);
    await registerKit(world, kit, patientId);
    expect(await published()).toEqual([{ patient_id: patientId, test_kit_id: kit.id }]);
  });

  it('is registered once, however often and at once its event comes', async () => {
    const [kit, patientId] = [await addKit(world), await addPerson(world)];
    await post(world, 'test-kits', wish(kit, patientId));
    const event = (await world.requests()).at(-1);
    if (event === undefined) throw new Error('nothing was asked');
    const statuses = await Promise.all(Array.from({ length: 8 }, () => world.deliver(event)));
    expect(new Set(statuses)).toEqual(new Set([204]));
    await world.pump();
    expect(await world.told(kit.id)).toHaveLength(1);
  });
});

describe('a registration whose event was given up', () => {
  async function asked(kit: Kit, patientId: string): Promise<string> {
    return (await post(world, 'test-kits', wish(kit, patientId))).json<{ id: string }>().id;
  }

  async function giveUp(): Promise<void> {
    await world.rows("DELETE FROM homekit.outbox WHERE sent_at IS NULL AND topic = 'homekit-registrations'");
  }

  it('is seen to when it is asked for again', async () => {
    const [kit, patientId] = [await addKit(world), await addPerson(world)];
    const id = await asked(kit, patientId);
    await giveUp();
    expect(await asked(kit, patientId)).toBe(id);
    expect(await world.pump()).toEqual([204]);
    expect((await get(world, `test-kits/${id}`, asPatient(patientId))).json()).toMatchObject({ status: 'registered' });
    await asked(kit, patientId);
    expect(await world.pump()).toEqual([]);
  });

  it.each([
    ['registered', 'recorded', null, {}],
    ['rejected', 'refused', 'out-of-turn', { consentVersion: '2030-04' }],
  ])('has what follows it wait: it is %s, and that is %s', async (status, outcome, refusedBecause, product) => {
    const [kit, patientId] = [await addKit(world, product), await addPerson(world)];
    const id = await asked(kit, patientId);
    await giveUp();
    const scans: string[] = [];
    for (const step of ['collected', 'posted']) {
      const body = { code: kit.code, step, happenedAt: MORNING };
      scans.push((await post(world, 'custody-scans', { as: OFFICE, body })).json<{ id: string }>().id);
    }
    expect(await world.pump()).toEqual([204, 204]);
    const read = () =>
      Promise.all(scans.map(async (scan) => (await get(world, `custody-scans/${scan}`, OFFICE)).json<object>()));
    expect(await read()).toMatchObject([{ status: 'received' }, { status: 'received' }]);
    await asked(kit, patientId);
    expect(await world.pump()).toEqual([204]);
    expect(await world.pump()).toEqual([204, 204]);
    const told = { status: outcome, refusedBecause };
    expect(await read()).toMatchObject([told, told]);
    const shown = (await get(world, `test-kits/${id}`, asPatient(patientId))).json();
    expect(shown).toMatchObject({ status: status === 'registered' ? 'posted' : status });
  });
});

describe('a kit that is somebody else’s', () => {
  it('is refused to another person', async () => {
    const [kit, first, second] = [await addKit(world), await addPerson(world), await addPerson(world)];
    await registerKit(world, kit, first);
    const refused = await post(world, 'test-kits', wish(kit, second));
    expect(refused.statusCode).toBe(409);
    expect(refused.json()).toMatchObject({ code: 'conflict', reasons: [{ code: 'claimed-by-another' }] });
  });

  it('has one winner of a hundred who claim it at once', async () => {
    const kit = await addKit(world);
    const people = await Promise.all(Array.from({ length: 100 }, () => addPerson(world)));
    const answers = await Promise.all(people.map((patientId) => post(world, 'test-kits', wish(kit, patientId))));
    const statuses = answers.map(({ statusCode }) => statusCode);
    expect(statuses.filter((status) => status === 202)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(99);
    await world.pump();
    const winner = people[statuses.indexOf(202)];
    expect(await world.told(kit.id)).toMatchObject([{ type: 'test-kit.registered', patientId: winner }]);
    expect(await world.rows('SELECT patient_id FROM homekit.test_kits WHERE id = $1', [kit.id])).toEqual([
      { patient_id: winner },
    ]);
  });

  it('is one registration of the same person who asks a hundred times at once', async () => {
    const [kit, patientId] = [await addKit(world), await addPerson(world)];
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => post(world, 'test-kits', wish(kit, patientId))),
    );
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([202]));
    expect(new Set(answers.map((answer) => answer.json<{ id: string }>().id)).size).toBe(1);
    expect(new Set(await world.pump())).toEqual(new Set([204]));
    expect(await world.told(kit.id)).toHaveLength(1);
  });
});

describe('a kit that cannot be used', () => {
  const cases = [
    ['not-eligible', ['too-young'], { minAge: 41 }, {}],
    ['not-eligible', ['too-old'], { minAge: 18, maxAge: 39 }, {}],
    ['not-eligible', ['sex'], { sexes: ['male' as const] }, {}],
    ['not-eligible', ['region'], { regions: ['de'] }, {}],
    ['not-eligible', ['too-young', 'sex'], { minAge: 50, sexes: ['male' as const] }, {}],
    ['consent-outdated', [], { consentVersion: '2030-04' }, {}],
    ['lot-expired', [], { expiresOn: '2030-06-02' }, {}],
  ] as const;

  it.each(cases)('is rejected: %s %j', async (reason, details, product) => {
    const sexes = 'sexes' in product ? [...product.sexes] : null;
    const regions = 'regions' in product ? [...product.regions] : ['fr'];
    const [kit, patientId] = [await addKit(world, { ...product, sexes, regions }), await addPerson(world)];
    const id = await registerKit(world, kit, patientId);
    const shown = (await get(world, `test-kits/${id}`, asPatient(patientId))).json();
    expect(shown).toMatchObject({ status: 'rejected', rejection: { reason, details }, custody: [] });
    expect(await world.told(kit.id)).toMatchObject([{ type: 'test-kit.rejected', patientId, reason }]);
  });

  it('is free again for somebody who may use it', async () => {
    const kit = await addKit(world, { sexes: ['male'] });
    const [woman, man] = [await addPerson(world), await addPerson(world, { sex: 'male' })];
    await registerKit(world, kit, woman);
    const id = await registerKit(world, kit, man);
    expect((await get(world, `test-kits/${id}`, asPatient(man))).json()).toMatchObject({ status: 'registered' });
  });

  it('is replaced where its lot came too old, by one offer', async () => {
    const [kit, patientId] = [await addKit(world, { expiresOn: '2030-06-02' }), await addPerson(world)];
    const id = await registerKit(world, kit, patientId);
    const { replacement } = (await get(world, `test-kits/${id}`, asPatient(patientId))).json<{
      replacement: { offerId: string };
    }>();
    expect(await world.told(kit.id)).toMatchObject([{ replacementOfferId: replacement.offerId }]);
  });

  it('may be used on the last day of its lot, as its holder’s calendar says', async () => {
    world.setTime('2030-06-03T21:30:00Z');
    const patientId = await addPerson(world);
    const id = await registerKit(world, await addKit(world, { expiresOn: '2030-06-03' }), patientId);
    expect((await get(world, `test-kits/${id}`, asPatient(patientId))).json()).toMatchObject({ status: 'registered' });
    world.setTime('2030-06-03T22:30:00Z');
    const late = await registerKit(world, await addKit(world, { expiresOn: '2030-06-03' }), patientId);
    expect((await get(world, `test-kits/${late}`, asPatient(patientId))).json()).toMatchObject({ status: 'rejected' });
  });

  it('is rejected as unknown where there is none of its code, or none in the country', async () => {
    const patientId = await addPerson(world);
    const elsewhere = await addKit(world, { country: 'de' });
    for (const code of [elsewhere.code, writeKitCode('ZZZZ0000000')]) {
      const id = await registerKit(world, { ...elsewhere, code }, patientId);
      const shown = (await get(world, `test-kits/${id}`, asPatient(patientId))).json();
      expect(shown).toMatchObject({ status: 'rejected', testKitId: null, rejection: { reason: 'unknown' } });
      expect(await world.told(id)).toMatchObject([{ type: 'test-kit.rejected', testKitId: id, reason: 'unknown' }]);
    }
  });

  it.each(['shorter', 'ABCDEFGHIJK', '000000000000', 'ABCDEFGHIJK**', 'ÄBCDEFGHIJKL'])(
    'is refused before any look-up where its code is mistyped: %s',
    async (kitCode) => {
      const patientId = await addPerson(world);
      const refused = await post(world, 'test-kits', {
        as: asPatient(patientId),
        body: { patientId, kitCode, consentVersion: '2030-03' },
      });
      expect(refused.statusCode).toBe(400);
      expect(refused.json()).toMatchObject({ code: 'invalid-input', errors: [{ path: '/kitCode' }] });
    },
  );
});

describe('a consent that was withdrawn', () => {
  type Decision = readonly [minutes: number, decision: 'given' | 'withdrawn'];

  /** Decisions, by minutes after the registration was asked for. */
  async function decideOn(patientId: string, decisions: readonly Decision[]): Promise<void> {
    const rows = decisions.map(([minutes, decision], index) => {
      const occurredAt = Temporal.Instant.from(MORNING).add({ minutes });
      const about = { patientId, purpose: 'test-kit', country: 'fr', consentVersion: '2030-03' } as const;
      return { ...about, version: index + 1, decision, occurredAt };
    });
    await world.admin.insert(consents).values(rows);
  }

  it.each<[string, readonly Decision[], string]>([
    ['before', [[-1, 'withdrawn']], 'registered'],
    ['at the same time', [[0, 'withdrawn']], 'rejected'],
    [
      'after',
      [
        [-1, 'given'],
        [1, 'withdrawn'],
      ],
      'rejected',
    ],
    [
      'after and given again',
      [
        [1, 'withdrawn'],
        [2, 'given'],
      ],
      'registered',
    ],
  ])('%s a kit was asked for decides on it so: %j', async (_, decisions, status) => {
    const [kit, patientId] = [await addKit(world), await addPerson(world)];
    const { id } = (await post(world, 'test-kits', wish(kit, patientId))).json<{ id: string }>();
    await decideOn(patientId, decisions);
    await world.pump();
    const rejection = status === 'rejected' ? { reason: 'consent-outdated', details: [] } : null;
    const shown = (await get(world, `test-kits/${id}`, asPatient(patientId))).json();
    expect(shown).toMatchObject({ status, rejection });
  });
});

describe('who may register a kit', () => {
  it('is its user, whoever acts for them, and the office; nobody else', async () => {
    const [patientId, stranger] = [await addPerson(world), await addPerson(world)];
    const asked = async (as: string) =>
      (await post(world, 'test-kits', { ...wish(await addKit(world), patientId), as })).statusCode;
    expect(await asked(asPatient(stranger))).toBe(403);
    expect(await asked(OFFICE)).toBe(202);
    await world.admin.$client.query(
      `INSERT INTO patient.proxies (patient_id, proxy_id, relation, valid_from) VALUES ($1, $2, 'guardian', $3)`,
      [patientId, stranger, '2030-01-01T00:00:00Z'],
    );
    expect(await asked(asPatient(stranger))).toBe(202);
  });

  it('is nobody of another country', async () => {
    const german = await addPerson(world, { country: 'de' });
    const kit = await addKit(world);
    const body = { patientId: german, kitCode: kit.code, consentVersion: '2030-03' };
    expect((await post(world, 'test-kits', { as: asPatient(german, 'de'), body })).statusCode).toBe(403);
    expect((await post(world, 'test-kits', { as: OFFICE, body })).statusCode).toBe(404);
  });

  it('sees a registration alone: to others it is not there', async () => {
    const [patientId, stranger] = [await addPerson(world), await addPerson(world)];
    const id = await registerKit(world, await addKit(world), patientId);
    expect((await get(world, `test-kits/${id}`, asPatient(stranger))).statusCode).toBe(404);
    expect((await get(world, `test-kits/${randomUUID()}`, OFFICE)).statusCode).toBe(404);
    expect((await get(world, `test-kits/${id}`, OFFICE)).statusCode).toBe(200);
  });
});

describe('a request with an idempotency key', () => {
  it('is answered the same again, and refused with another body', async () => {
    const [kit, patientId] = [await addKit(world), await addPerson(world)];
    const headers = { 'idempotency-key': randomUUID() };
    const first = await post(world, 'test-kits', { ...wish(kit, patientId), headers });
    await world.pump();
    const again = await post(world, 'test-kits', { ...wish(kit, patientId), headers });
    expect([again.statusCode, again.json()]).toEqual([202, first.json()]);
    expect(again.headers['idempotency-replayed']).toBe('true');
    const other = await post(world, 'test-kits', { ...wish(kit, patientId, { consentVersion: '2030-04' }), headers });
    expect(other.statusCode).toBe(422);
  });
});
