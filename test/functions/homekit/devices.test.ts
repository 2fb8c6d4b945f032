import { randomBytes, randomUUID } from 'node:crypto';

import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { forgetChallenges } from '../../../shared/db/device-proofs.ts';
import { until } from '../../support/until.ts';
import {
  Accessory,
  addPerson,
  asPatient,
  get,
  type HomekitWorld,
  MORNING,
  nonceOf,
  OFFICE,
  openHomekitWorld,
  payload,
  post,
  readDevice,
  registerAccessory,
  remove,
  submitDevice,
} from './world.ts';

let world: HomekitWorld;
let owner: string;
beforeAll(async () => {
  world = await openHomekitWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  world.setTime(MORNING);
  owner = await addPerson(world);
});

async function prove(id: string, body: object): Promise<number> {
  const { statusCode } = await post(world, `devices/${id}/proof`, { as: asPatient(owner), body });
  await world.pump();
  return statusCode;
}

async function failProofs(id: string, accessory: Accessory, times: number): Promise<void> {
  for (let failures = 0; failures < times; failures += 1) {
    expect(await prove(id, accessory.proveWithAnotherKey(id, await nonceOf(world, id, owner)))).toBe(202);
  }
}

describe('a device', () => {
  it('is received, sent a nonce, and registered by its proof', async () => {
    const accessory = new Accessory();
    const accepted = await post(world, 'devices', { as: asPatient(owner), body: accessory.wish(owner) });
    expect([accepted.statusCode, accepted.json()]).toEqual([202, { id: expect.any(String), status: 'received' }]);
    const { id } = accepted.json<{ id: string }>();
    expect(await readDevice(world, id, asPatient(owner))).toMatchObject({ status: 'received', challenge: null });
    expect(await world.pump()).toEqual([204]);
    const nonce = await nonceOf(world, id, owner);
    expect(await readDevice(world, id, asPatient(owner))).toMatchObject({
      status: 'awaiting-proof',
      category: 5,
      challenge: { nonce, expiresAt: '2030-06-03T09:10:00Z' },
    });
    expect(await prove(id, accessory.prove(id, nonce))).toBe(202);
    expect(await readDevice(world, id, asPatient(owner))).toMatchObject({
      status: 'registered',
      version: 3,
      challenge: null,
      rejection: null,
      proof: { failures: 0, lastRefusal: null, retryAt: null },
    });
    const data = { deviceId: id, version: 3, country: 'fr', patientId: owner };
    expect(await world.told(id)).toEqual([{ type: 'homekit-device.registered', ...data }]);
  });

  it('is the same for the same person who asks again, at once or later', async () => {
    const accessory = new Accessory();
    const ask = () => post(world, 'devices', { as: asPatient(owner), body: accessory.wish(owner) });
    const answers = await Promise.all(Array.from({ length: 20 }, ask));
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([202]));
    const ids = new Set(answers.map((answer) => answer.json<{ id: string }>().id));
    expect(ids.size).toBe(1);
    expect(new Set(await world.pump())).toEqual(new Set([204]));
    const [id = ''] = ids;
    await prove(id, accessory.prove(id, await nonceOf(world, id, owner)));
    expect((await ask()).json()).toEqual({ id, status: 'registered' });
  });

  it('is seen to when it is asked for again after its event was given up', async () => {
    const accessory = new Accessory();
    const ask = () => post(world, 'devices', { as: asPatient(owner), body: accessory.wish(owner) });
    const { id } = (await ask()).json<{ id: string }>();
    await world.rows('DELETE FROM homekit.outbox WHERE sent_at IS NULL');
    expect((await ask()).json()).toEqual({ id, status: 'received' });
    expect(await world.pump()).toEqual([204]);
    expect(await readDevice(world, id, asPatient(owner))).toMatchObject({ status: 'awaiting-proof' });
    await ask();
    expect(await world.pump()).toEqual([]);
  });

  it.each([
    ['pairingId', 'AA:BB:CC:DD:EE:FF'],
    ['model', 'Scale 2'],
    ['serialNumber', 'another'],
  ])('is not told of otherwise before it is withdrawn: by another %s', async (member, other) => {
    const accessory = new Accessory();
    const deviceId = await submitDevice(world, accessory, owner);
    const body = { ...accessory.wish(owner), [member]: other };
    const refused = await post(world, 'devices', { as: asPatient(owner), body });
    expect([refused.statusCode, refused.json()]).toMatchObject([
      409,
      { code: 'conflict', reasons: [{ code: 'told-otherwise', members: [member], deviceId }] },
    ]);
    await remove(world, `devices/${deviceId}`, asPatient(owner));
    expect((await post(world, 'devices', { as: asPatient(owner), body })).statusCode).toBe(202);
  });

  it('is one of twenty at the most that wait for their proof', async () => {
    const ask = () => post(world, 'devices', { as: asPatient(owner), body: new Accessory().wish(owner) });
    const ids: string[] = [];
    for (let count = 0; count < 20; count += 1) ids.push((await ask()).json<{ id: string }>().id);
    const refused = await ask();
    expect([refused.statusCode, refused.json()]).toMatchObject([
      409,
      { reasons: [{ code: 'too-many-open', most: 20 }] },
    ]);
    await remove(world, `devices/${ids[0] ?? ''}`, asPatient(owner));
    expect((await ask()).statusCode).toBe(202);
  });

  it('is registered once, however often and in whatever order its events come', async () => {
    const accessory = new Accessory();
    const id = await submitDevice(world, accessory, owner);
    await prove(id, accessory.prove(id, await nonceOf(world, id, owner)));
    const events = (await world.requests()).filter(({ data }) => JSON.stringify(data).includes(id));
    expect(events).toHaveLength(2);
    const before = await readDevice(world, id, asPatient(owner));
    const statuses = await Promise.all([...events.toReversed(), ...events, ...events].map(world.deliver));
    expect(new Set(statuses)).toEqual(new Set([204]));
    expect(await readDevice(world, id, asPatient(owner))).toEqual(before);
    expect(await world.told(id)).toHaveLength(1);
  });

  it('is not proven by a proof whose event comes before the device was looked at', async () => {
    const accessory = new Accessory();
    const id = await submitDevice(world, accessory, owner);
    const nonce = await nonceOf(world, id, owner);
    await world.rows("UPDATE homekit.devices SET status = 'received' WHERE id = $1", [id]);
    expect(
      (await post(world, `devices/${id}/proof`, { as: asPatient(owner), body: accessory.prove(id, nonce) })).statusCode,
    ).toBe(409);
  });

  it.each([
    ['guessable-code', payload(12_345_678)],
    ['malformed', 'X-HM://ZZZZZZZZZ7OSX'],
    ['unknown-category', 'X-HM://0000000017OSX'],
  ])('is rejected with a payload that cannot be: %s', async (detail, setupPayload) => {
    const body = { ...new Accessory().wish(owner), setupPayload };
    const { id } = (await post(world, 'devices', { as: asPatient(owner), body })).json<{ id: string }>();
    await world.pump();
    expect(await readDevice(world, id, asPatient(owner))).toMatchObject({
      status: 'rejected',
      rejection: { reason: 'bad-payload', detail },
    });
    expect(await world.told(id)).toMatchObject([{ type: 'homekit-device.rejected', reason: 'bad-payload' }]);
  });

  it('leaves nothing of its setup code', async () => {
    const accessory = new Accessory();
    const headers = { 'idempotency-key': randomUUID() };
    await post(world, 'devices', { as: asPatient(owner), body: accessory.wish(owner), headers });
    const rows = await world.rows<{ dump: string }>(
      `SELECT concat_ws(' ', d::text, k::text, o.event::text) AS dump
       FROM homekit.devices d, homekit.idempotency_keys k, homekit.outbox o`,
    );
    expect(rows.some(({ dump }) => dump.includes(accessory.serialNumber))).toBe(true);
    expect(rows.filter(({ dump }) => /51808582|518-08-582|X-HM/.test(dump))).toEqual([]);
  });

  it('is answered from what was saved under its key, and refused with another payload', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const body = new Accessory().wish(owner);
    const first = await post(world, 'devices', { as: asPatient(owner), body, headers });
    const again = await post(world, 'devices', { as: asPatient(owner), body, headers });
    expect([again.statusCode, again.json(), again.headers['idempotency-replayed']]).toEqual([
      202,
      first.json(),
      'true',
    ]);
    const other = { ...body, setupPayload: payload(51_808_583) };
    expect((await post(world, 'devices', { as: asPatient(owner), body: other, headers })).statusCode).toBe(422);
  });
});

describe('a proof', () => {
  it('by another key fails, and brings another nonce', async () => {
    const accessory = new Accessory();
    const id = await submitDevice(world, accessory, owner);
    const nonce = await nonceOf(world, id, owner);
    await failProofs(id, accessory, 1);
    const device = await readDevice(world, id, asPatient(owner));
    expect(device).toMatchObject({ status: 'awaiting-proof', proof: { failures: 1, lastRefusal: 'wrong-signature' } });
    expect(device.challenge?.nonce).not.toBe(nonce);
    expect(await prove(id, accessory.prove(id, device.challenge?.nonce ?? ''))).toBe(202);
    expect(await readDevice(world, id, asPatient(owner))).toMatchObject({ status: 'registered' });
  });

  it.each<[string, (id: string, accessory: Accessory, nonce: string) => object]>([
    ['of another device', (_, accessory, nonce) => accessory.prove(randomUUID(), nonce)],
    ['of a nonce that nobody sent', (id, accessory) => accessory.prove(id, Buffer.alloc(32, 7).toString('base64url'))],
    [
      'with another ephemeral key',
      (id, accessory, nonce) => ({ ...accessory.prove(id, nonce), accessoryKey: '01'.repeat(32) }),
    ],
    ['of nothing', (id, accessory, nonce) => ({ ...accessory.prove(id, nonce), signature: '00'.repeat(64) })],
  ])('%s fails', async (_, wrong) => {
    const accessory = new Accessory();
    const id = await submitDevice(world, accessory, owner);
    expect(await prove(id, wrong(id, accessory, await nonceOf(world, id, owner)))).toBe(202);
    expect(await readDevice(world, id, asPatient(owner))).toMatchObject({
      status: 'awaiting-proof',
      proof: { failures: 1 },
    });
  });

  it('cannot be replayed', async () => {
    const accessory = new Accessory();
    const id = await submitDevice(world, accessory, owner);
    const good = accessory.prove(id, await nonceOf(world, id, owner));
    await failProofs(id, accessory, 1);
    await prove(id, good);
    expect(await readDevice(world, id, asPatient(owner))).toMatchObject({
      status: 'awaiting-proof',
      proof: { failures: 1, lastRefusal: 'used-nonce' },
    });
  });

  it('comes too late after ten minutes, and in time again with another nonce', async () => {
    const accessory = new Accessory();
    const id = await submitDevice(world, accessory, owner);
    const nonce = await nonceOf(world, id, owner);
    world.pass({ minutes: 10, seconds: 1 });
    await prove(id, accessory.prove(id, nonce));
    expect(await world.told(id)).toMatchObject([{ type: 'homekit-device.rejected', reason: 'proof-expired' }]);
    const renewed = await post(world, `devices/${id}/challenge`, { as: asPatient(owner) });
    expect(renewed.statusCode).toBe(201);
    expect(await prove(id, accessory.prove(id, renewed.json<{ nonce: string }>().nonce))).toBe(202);
    expect(await readDevice(world, id, asPatient(owner))).toMatchObject({ status: 'registered' });
  });

  it('holds however late it is looked at', async () => {
    const accessory = new Accessory();
    const id = await submitDevice(world, accessory, owner);
    const body = accessory.prove(id, await nonceOf(world, id, owner));
    await post(world, `devices/${id}/proof`, { as: asPatient(owner), body });
    world.pass({ hours: 3 * 24 });
    await forgetChallenges(world.admin, world.now().subtract({ hours: 24 }));
    expect(await world.pump()).toEqual([204]);
    expect(await readDevice(world, id, asPatient(owner))).toMatchObject({
      status: 'registered',
      proof: { failures: 0 },
    });
    expect(await forgetChallenges(world.admin, world.now())).toBeGreaterThan(0);
  });

  it('is not looked at after five failures, until the wait is over', async () => {
    const accessory = new Accessory();
    const id = await submitDevice(world, accessory, owner);
    await failProofs(id, accessory, 5);
    expect(await readDevice(world, id, asPatient(owner))).toMatchObject({
      status: 'rejected',
      rejection: { reason: 'proof-failed' },
      challenge: null,
      proof: { failures: 5, retryAt: '2030-06-03T09:15:00Z' },
    });
    expect(await world.told(id)).toMatchObject([{ type: 'homekit-device.rejected', reason: 'proof-failed' }]);
    const good = accessory.prove(id, Buffer.alloc(32).toString('base64url'));
    const refused = await post(world, `devices/${id}/proof`, { as: asPatient(owner), body: good });
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '900']);
    expect((await post(world, `devices/${id}/challenge`, { as: asPatient(owner) })).statusCode).toBe(429);
    world.pass({ minutes: 15 });
    const { nonce } = (await post(world, `devices/${id}/challenge`, { as: asPatient(owner) })).json<{
      nonce: string;
    }>();
    await failProofs(id, accessory, 1);
    expect(await readDevice(world, id, asPatient(owner))).toMatchObject({
      proof: { failures: 6, retryAt: '2030-06-03T09:45:00Z' },
    });
    expect(nonce).toHaveLength(43);
  });

  it('is not looked at sooner for whoever asks for the device again', async () => {
    const accessory = new Accessory();
    const id = await submitDevice(world, accessory, owner);
    await failProofs(id, accessory, 5);
    const again = await post(world, 'devices', { as: asPatient(owner), body: accessory.wish(owner) });
    expect([again.statusCode, again.json()]).toEqual([202, { id, status: 'rejected' }]);
    expect(await world.pump()).toEqual([]);
    expect((await post(world, `devices/${id}/challenge`, { as: asPatient(owner) })).statusCode).toBe(429);
  });

  it('is not looked at sooner for whoever withdraws the device and asks for it again', async () => {
    const accessory = new Accessory();
    const asAgain = async (former: string) => {
      await remove(world, `devices/${former}`, asPatient(owner));
      return submitDevice(world, accessory, owner);
    };
    const first = await submitDevice(world, accessory, owner);
    await failProofs(first, accessory, 4);
    const second = await asAgain(first);
    expect(await readDevice(world, second, asPatient(owner))).toMatchObject({ proof: { failures: 4 } });
    await failProofs(second, accessory, 1);
    const id = await asAgain(second);
    expect(new Set([first, second, id]).size).toBe(3);
    expect(await readDevice(world, id, asPatient(owner))).toMatchObject({
      status: 'rejected',
      rejection: { reason: 'proof-failed' },
      challenge: null,
      proof: { failures: 5, retryAt: '2030-06-03T09:15:00Z' },
    });
    expect((await post(world, `devices/${id}/challenge`, { as: asPatient(owner) })).statusCode).toBe(429);
    world.pass({ minutes: 15 });
    const renewed = await post(world, `devices/${id}/challenge`, { as: asPatient(owner) });
    await prove(id, accessory.prove(id, renewed.json<{ nonce: string }>().nonce));
    expect(await readDevice(world, id, asPatient(owner))).toMatchObject({
      status: 'registered',
      proof: { failures: 0, retryAt: null },
    });
  });

  it('that came too late leaves the request the same', async () => {
    const accessory = new Accessory();
    const id = await submitDevice(world, accessory, owner);
    const nonce = await nonceOf(world, id, owner);
    world.pass({ minutes: 11 });
    await prove(id, accessory.prove(id, nonce));
    expect(await submitDevice(world, accessory, owner)).toBe(id);
  });

  it('is one try a nonce, and five in all, however many come at once', async () => {
    const accessory = new Accessory();
    const id = await submitDevice(world, accessory, owner);
    const nonce = await nonceOf(world, id, owner);
    const failAtOnce = async (nonces: readonly string[]) => {
      const bodies = nonces.map((each) => accessory.proveWithAnotherKey(id, each));
      await Promise.all(bodies.map((body) => post(world, `devices/${id}/proof`, { as: asPatient(owner), body })));
      const requests = (await world.requests()).slice(-nonces.length);
      expect(new Set(await Promise.all(requests.map(world.deliver)))).toEqual(new Set([204]));
      return (await readDevice(world, id, asPatient(owner))).proof.failures;
    };
    expect(await failAtOnce(Array.from({ length: 8 }, () => nonce))).toBe(1);
    expect(await failAtOnce(Array.from({ length: 12 }, () => randomBytes(32).toString('base64url')))).toBe(5);
  });

  it('is awaited of nobody who is registered, revoked or rejected for good', async () => {
    const registered = await registerAccessory(world, new Accessory(), owner);
    const body = new Accessory().prove(registered, Buffer.alloc(32).toString('base64url'));
    expect(await prove(registered, body)).toBe(409);
    await remove(world, `devices/${registered}`, asPatient(owner));
    expect(await prove(registered, body)).toBe(409);
    expect((await post(world, `devices/${registered}/challenge`, { as: asPatient(owner) })).statusCode).toBe(409);
  });
});

describe('an accessory that somebody has', () => {
  it('is rejected for another person who has its key', async () => {
    const accessory = new Accessory();
    await registerAccessory(world, accessory, owner);
    const other = await addPerson(world);
    const id = await submitDevice(world, accessory, other);
    expect(await readDevice(world, id, asPatient(other))).toMatchObject({
      status: 'rejected',
      rejection: { reason: 'owned-by-another' },
    });
  });

  it('has one owner of two who prove it at once', async () => {
    const accessory = new Accessory();
    const people = [owner, await addPerson(world)];
    const ids = await Promise.all(people.map((person) => submitDevice(world, accessory, person)));
    for (const [index, id] of ids.entries()) {
      const person = people[index] ?? '';
      const body = accessory.prove(id, await nonceOf(world, id, person));
      await post(world, `devices/${id}/proof`, { as: asPatient(person), body });
    }
    const requests = (await world.requests()).slice(-2);
    const answers = await Promise.all(requests.map(world.deliver));
    expect(answers).toContain(204);
    expect([204, 503]).toEqual(expect.arrayContaining(answers));
    for (const request of requests) expect(await world.deliver(request)).toBe(204);
    const devices = await Promise.all(ids.map((id, index) => readDevice(world, id, asPatient(people[index] ?? ''))));
    expect(devices.map(({ status }) => status).toSorted()).toEqual(['registered', 'rejected']);
    expect(devices.find(({ status }) => status === 'rejected')?.rejection).toMatchObject({
      reason: 'owned-by-another',
    });
  });

  it('takes the place of its former registration after a factory reset, and ends every grant on that', async () => {
    const accessory = new Accessory();
    const former = await registerAccessory(world, accessory, owner);
    const guest = await addPerson(world);
    await post(world, `devices/${former}/grants`, { as: asPatient(owner), body: { granteeId: guest } });
    await world.pump();
    accessory.reset();
    const id = await registerAccessory(world, accessory, owner);
    expect(await readDevice(world, id, asPatient(owner))).toMatchObject({ status: 'registered' });
    expect(await readDevice(world, former, asPatient(owner))).toMatchObject({
      status: 'revoked',
      revokedBecause: 'factory-reset',
      grants: [{ status: 'revoked' }],
    });
    expect((await get(world, `devices/${former}`, asPatient(guest))).statusCode).toBe(404);
    expect((await world.told(former)).map(({ type }) => type)).toEqual([
      'homekit-device.registered',
      'homekit-device.authorized',
      'homekit-device.revoked',
    ]);
  });

  it('is nobody else’s by a factory reset', async () => {
    const accessory = new Accessory();
    const former = await registerAccessory(world, accessory, owner);
    accessory.reset();
    const thief = await addPerson(world);
    const id = await submitDevice(world, accessory, thief);
    expect(await readDevice(world, id, asPatient(thief))).toMatchObject({ status: 'rejected' });
    expect(await readDevice(world, former, asPatient(owner))).toMatchObject({ status: 'registered' });
  });

  it('is asked for its proof whatever somebody does with one that they are about to register', async () => {
    const accessory = new Accessory();
    const waiting = await submitDevice(world, accessory, await addPerson(world));
    const device = await world.admin.transaction(async (tx) => {
      await tx.execute(sql`SELECT FROM homekit.devices WHERE id = ${waiting} FOR UPDATE`);
      return readDevice(world, await registerAccessory(world, accessory, owner), asPatient(owner));
    });
    expect(device).toMatchObject({ status: 'registered' });
  }, 30_000);

  it('is asked for its proof whatever somebody does with a registration that has ended', async () => {
    const accessory = new Accessory();
    const former = await registerAccessory(world, accessory, owner);
    await remove(world, `devices/${former}`, asPatient(owner));
    const other = await addPerson(world);
    const device = await world.admin.transaction(async (tx) => {
      await tx.execute(sql`SELECT FROM homekit.devices WHERE id = ${former} FOR UPDATE`);
      return readDevice(world, await submitDevice(world, accessory, other), asPatient(other));
    });
    expect(device).toMatchObject({ status: 'awaiting-proof' });
  }, 30_000);

  it('is another’s once its owner has withdrawn it', async () => {
    const accessory = new Accessory();
    const former = await registerAccessory(world, accessory, owner);
    expect((await remove(world, `devices/${former}`, asPatient(owner))).statusCode).toBe(204);
    owner = await addPerson(world);
    const id = await registerAccessory(world, accessory, owner);
    expect(await readDevice(world, id, asPatient(owner))).toMatchObject({ status: 'registered' });
  });
});

describe('a device that is withdrawn', () => {
  it('is so at once, and told once', async () => {
    const id = await registerAccessory(world, new Accessory(), owner);
    expect((await remove(world, `devices/${id}`, asPatient(owner), { 'if-match': '"2"' })).statusCode).toBe(412);
    expect((await remove(world, `devices/${id}`, asPatient(owner), { 'if-match': '"3"' })).statusCode).toBe(204);
    expect((await remove(world, `devices/${id}`, asPatient(owner))).statusCode).toBe(204);
    expect(await readDevice(world, id, asPatient(owner))).toMatchObject({
      status: 'revoked',
      revokedBecause: 'withdrawn',
    });
    expect((await world.told(id)).map(({ type }) => type)).toEqual([
      'homekit-device.registered',
      'homekit-device.revoked',
    ]);
  });
});

describe('a device that was given away while its former owner withdrew it', () => {
  it('stays with the next one', async () => {
    const id = await registerAccessory(world, new Accessory(), owner);
    const next = await addPerson(world);
    const withdrawal = await world.admin.transaction(async (tx) => {
      await tx.execute(sql`UPDATE homekit.devices SET patient_id = ${next} WHERE id = ${id}`);
      const waits = remove(world, `devices/${id}`, asPatient(owner));
      const waiting = sql`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
      await until(async () => (await world.admin.execute(waiting)).rowCount === 1, { what: 'the withdrawal' });
      return { waits };
    });
    expect((await withdrawal.waits).statusCode).toBe(404);
    expect(await readDevice(world, id, asPatient(next))).toMatchObject({ status: 'registered', patientId: next });
  });
});

describe('who reaches a device', () => {
  it('is its owner and the office; to others it is not there', async () => {
    const id = await registerAccessory(world, new Accessory(), owner);
    const stranger = asPatient(await addPerson(world));
    const granteeId = await addPerson(world);
    expect((await get(world, `devices/${id}`, OFFICE)).statusCode).toBe(200);
    for (const as of [stranger, asPatient(randomUUID()), 'patient somebody']) {
      expect((await get(world, `devices/${id}`, as)).statusCode).toBe(404);
      expect((await remove(world, `devices/${id}`, as)).statusCode).toBe(404);
      expect((await post(world, `devices/${id}/challenge`, { as })).statusCode).toBe(404);
      expect((await post(world, `devices/${id}/grants`, { as, body: { granteeId } })).statusCode).toBe(404);
      expect((await post(world, `devices/${id}/transfer`, { as, body: { granteeId } })).statusCode).toBe(404);
    }
    expect((await get(world, `devices/${id}`, 'practitioner somebody')).statusCode).toBe(403);
    expect((await get(world, `devices/${id}`, asPatient(owner, 'de'))).statusCode).toBe(403);
  });

  it('registers devices for themselves', async () => {
    const stranger = asPatient(await addPerson(world));
    const body = new Accessory().wish(owner);
    expect((await post(world, 'devices', { as: stranger, body })).statusCode).toBe(403);
    expect((await post(world, 'devices', { as: OFFICE, body: { ...body, patientId: randomUUID() } })).statusCode).toBe(
      404,
    );
  });
});

describe('events that lead nowhere', () => {
  it('are over where what they tell of is gone', async () => {
    const id = await submitDevice(world, new Accessory(), owner);
    const [event] = (await world.requests()).slice(-1);
    if (event === undefined) throw new Error('nothing was asked');
    await world.rows('DELETE FROM homekit.devices WHERE id = $1', [id]);
    expect(await world.deliver({ ...event, id: randomUUID() })).toBe(204);
  });

  it('are refused where they break their contract', async () => {
    const [event] = (await world.requests()).slice(-1);
    if (event === undefined) throw new Error('nothing was asked');
    const broken = [{ country: 'fr' }, { country: 'fr', deviceId: 'x' }, {}, null];
    for (const data of broken) expect(await world.deliver({ ...event, id: randomUUID(), data })).toBe(422);
  });
});
