import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import {
  Accessory,
  addPerson,
  asPatient,
  get,
  type HomekitWorld,
  MORNING,
  openHomekitWorld,
  post,
  registerAccessory,
  remove,
} from './world.ts';

let world: HomekitWorld;
let owner: string;
let grantee: string;
let device: string;
beforeAll(async () => {
  world = await openHomekitWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  world.setTime(MORNING);
  [owner, grantee] = [await addPerson(world), await addPerson(world)];
  device = await registerAccessory(world, new Accessory(), owner);
});

/** Grants, and has it seen to. @returns the grant's id. */
async function grant(body: object = {}, as = asPatient(owner)): Promise<string> {
  const answer = await post(world, `devices/${device}/grants`, { as, body: { granteeId: grantee, ...body } });
  expect([answer.statusCode, answer.json()]).toEqual([202, { id: expect.any(String), status: 'received' }]);
  await world.pump();
  return answer.json<{ id: string }>().id;
}

type Shown = { readonly grants: readonly { readonly id: string; readonly status: string }[] };

async function shownTo(person: string): Promise<Shown> {
  return (await get(world, `devices/${device}`, asPatient(person))).json<Shown>();
}

async function statusFor(person: string): Promise<number> {
  return (await get(world, `devices/${device}`, asPatient(person))).statusCode;
}

describe('a grant', () => {
  it('lets somebody read the device, and no more than that of it', async () => {
    expect(await statusFor(grantee)).toBe(404);
    const id = await grant();
    const scopes = ['device:read', 'device:control', 'measurements:read'];
    expect(await shownTo(grantee)).toMatchObject({
      id: device,
      challenge: null,
      grants: [{ id, granteeId: grantee, role: 'user', scopes, expiresAt: null, status: 'active' }],
    });
    expect((await remove(world, `devices/${device}`, asPatient(grantee))).statusCode).toBe(404);
    expect((await world.told(device)).at(-1)).toMatchObject({
      type: 'homekit-device.authorized',
      patientId: owner,
      granteeId: grantee,
      role: 'user',
    });
  });

  it('shows a grantee their own grants alone', async () => {
    const other = await addPerson(world);
    await grant();
    await grant({ granteeId: other });
    expect((await shownTo(grantee)).grants).toHaveLength(1);
    expect((await shownTo(owner)).grants).toHaveLength(2);
  });

  it('ends when it says, at once and for good', async () => {
    const expiresAt = world.now().add({ hours: 2 }).toString();
    await grant({ role: 'guest', expiresAt });
    expect(await statusFor(grantee)).toBe(200);
    world.pass({ hours: 2 });
    expect(await statusFor(grantee)).toBe(404);
  });

  it('allows reading only where it names that', async () => {
    await grant({ scopes: ['device:control'] });
    expect(await statusFor(grantee)).toBe(404);
  });

  it('takes the place of the one before', async () => {
    const first = await grant();
    const second = await grant({ role: 'guest', expiresAt: world.now().add({ hours: 1 }).toString() });
    expect((await shownTo(owner)).grants).toMatchObject([
      { id: first, status: 'replaced' },
      { id: second, status: 'active', role: 'guest' },
    ]);
  });

  it('is withdrawn by the owner, at once and told once', async () => {
    const id = await grant();
    for (let times = 0; times < 2; times += 1) {
      expect((await remove(world, `devices/${device}/grants/${id}`, asPatient(owner))).statusCode).toBe(204);
    }
    expect(await statusFor(grantee)).toBe(404);
    const revoked = (await world.told(device)).filter(({ type }) => type === 'homekit-device.revoked');
    expect(revoked).toMatchObject([{ granteeId: grantee, patientId: owner }]);
  });

  it('is given up by whoever has it', async () => {
    const id = await grant();
    expect((await remove(world, `devices/${device}/grants/${id}`, asPatient(grantee))).statusCode).toBe(204);
    expect(await statusFor(grantee)).toBe(404);
  });

  it('is given up by whoever has it, whatever it allows, and by whoever acts for them', async () => {
    const id = await grant({ scopes: ['device:control'] });
    expect((await remove(world, `devices/${device}/grants/${id}`, asPatient(grantee))).statusCode).toBe(204);
    expect((await shownTo(owner)).grants).toMatchObject([{ id, status: 'revoked' }]);
    const [again, guardian] = [await grant(), await addPerson(world)];
    await world.rows(
      "INSERT INTO patient.proxies (patient_id, proxy_id, relation, valid_from) VALUES ($1, $2, 'guardian', '2030-01-01')",
      [grantee, guardian],
    );
    expect((await remove(world, `devices/${device}/grants/${again}`, asPatient(guardian))).statusCode).toBe(204);
    expect(await statusFor(grantee)).toBe(404);
  });

  it('is one of fifty on a device at the most, and of many that ended the newest are shown', async () => {
    const addGrants = (count: number, status: string) =>
      world.rows(
        `INSERT INTO homekit.grants
          (id, device_id, grantee_id, role, scopes, status, granted_by, created_at, updated_at)
        SELECT gen_random_uuid(), $1, gen_random_uuid(), 'user', '{device:read}', $2, $3, $4, $4
        FROM generate_series(1, $5)`,
        [device, status, owner, MORNING, count],
      );
    await addGrants(49, 'active');
    await addGrants(120, 'revoked');
    world.pass({ minutes: 1 });
    const id = await grant();
    const body = { granteeId: await addPerson(world) };
    const refused = await post(world, `devices/${device}/grants`, { as: asPatient(owner), body });
    expect([refused.statusCode, refused.json()]).toMatchObject([409, { reasons: [{ code: 'too-many-grants' }] }]);
    const { grants } = await shownTo(owner);
    expect([grants.length, grants.at(-1)?.id]).toEqual([100, id]);
    expect(grants.filter(({ status }) => status === 'active')).toHaveLength(50);
    await remove(world, `devices/${device}/grants/${id}`, asPatient(owner));
    expect((await post(world, `devices/${device}/grants`, { as: asPatient(owner), body })).statusCode).toBe(202);
  });

  it('that is withdrawn before it is seen to never comes into force', async () => {
    const body = { granteeId: grantee };
    const answer = await post(world, `devices/${device}/grants`, { as: asPatient(owner), body });
    const { id } = answer.json<{ id: string }>();
    await remove(world, `devices/${device}/grants/${id}`, asPatient(owner));
    expect(await world.pump()).toEqual([204]);
    expect(await statusFor(grantee)).toBe(404);
  });

  it.each([
    ['guest-without-end', { role: 'guest' }],
    ['scope-too-wide', { role: 'guest', scopes: ['measurements:read'], expiresAt: '2030-06-04T00:00:00Z' }],
    ['too-long', { role: 'guest', expiresAt: '2030-12-01T00:00:00Z' }],
    ['already-over', { expiresAt: MORNING }],
  ])('is refused, and says why: %s', async (reason, body) => {
    const id = await grant(body);
    expect((await shownTo(owner)).grants).toMatchObject([{ id, status: 'refused', reasons: [reason] }]);
    expect(await statusFor(grantee)).toBe(404);
  });

  it('is not made to the owner', async () => {
    const id = await grant({ granteeId: owner });
    expect((await shownTo(owner)).grants).toMatchObject([{ id, status: 'refused', reasons: ['own-device'] }]);
  });

  it('is not made of a device that was withdrawn meanwhile', async () => {
    await post(world, `devices/${device}/grants`, { as: asPatient(owner), body: { granteeId: grantee } });
    await remove(world, `devices/${device}`, asPatient(owner));
    await world.pump();
    expect((await shownTo(owner)).grants).toMatchObject([{ status: 'refused', reasons: ['not-registered'] }]);
  });

  it('is made to nobody unknown or of another country', async () => {
    const german = await addPerson(world, { country: 'de' });
    for (const granteeId of [german, randomUUID()]) {
      const answer = await post(world, `devices/${device}/grants`, { as: asPatient(owner), body: { granteeId } });
      expect(answer.statusCode).toBe(404);
    }
  });

  it('is withdrawn by nobody else, and not by a wrong id', async () => {
    const id = await grant();
    const stranger = asPatient(await addPerson(world));
    expect((await remove(world, `devices/${device}/grants/${id}`, stranger)).statusCode).toBe(404);
    expect((await remove(world, `devices/${device}/grants/${randomUUID()}`, asPatient(owner))).statusCode).toBe(404);
    expect(await statusFor(grantee)).toBe(200);
  });

  it('is one in force, however many are seen to at once', async () => {
    const body = { granteeId: grantee };
    await Promise.all(
      Array.from({ length: 8 }, () => post(world, `devices/${device}/grants`, { as: asPatient(owner), body })),
    );
    const requests = (await world.requests()).filter(({ type }) => type.includes('grant')).slice(-8);
    expect(new Set(await Promise.all(requests.map(world.deliver)))).toEqual(new Set([204]));
    const { grants } = await shownTo(owner);
    expect(grants.filter(({ status }) => status === 'active')).toHaveLength(1);
    expect(grants.filter(({ status }) => status === 'replaced')).toHaveLength(7);
  });
});

describe('a transfer', () => {
  async function transfer(to: string, as = asPatient(owner)): Promise<number> {
    const answer = await post(world, `devices/${device}/transfer`, { as, body: { granteeId: to } });
    await world.pump();
    return answer.statusCode;
  }

  it('gives the device to another, and ends every grant on it', async () => {
    const next = await addPerson(world);
    await grant();
    expect(await transfer(next)).toBe(202);
    expect(await statusFor(owner)).toBe(404);
    expect(await statusFor(grantee)).toBe(404);
    expect(await shownTo(next)).toMatchObject({ patientId: next, status: 'registered' });
    expect((await world.told(device)).slice(-3)).toMatchObject([
      { type: 'homekit-device.revoked', granteeId: owner, patientId: owner },
      { type: 'homekit-device.revoked', granteeId: grantee, patientId: owner },
      { type: 'homekit-device.authorized', granteeId: next, patientId: next, role: 'owner' },
    ]);
  });

  it('tells the next owner nothing of whom the former one let use it', async () => {
    const next = await addPerson(world);
    await grant();
    await transfer(next);
    expect((await shownTo(next)).grants).toMatchObject([{ granteeId: next, role: 'owner', status: 'transferred' }]);
    const id = await grant({}, asPatient(next));
    expect((await shownTo(next)).grants).toMatchObject([{ status: 'transferred' }, { id, status: 'active' }]);
    expect((await shownTo(grantee)).grants).toMatchObject([{ id }]);
  });

  it('leaves the former owner nothing to grant', async () => {
    const next = await addPerson(world);
    const asked = { as: asPatient(owner), body: { granteeId: grantee } };
    await post(world, `devices/${device}/transfer`, { as: asPatient(owner), body: { granteeId: next } });
    await post(world, `devices/${device}/grants`, asked);
    await post(world, `devices/${device}/transfer`, asked);
    await world.pump();
    const refused = await world.rows(
      "SELECT refused_because FROM homekit.grants WHERE device_id = $1 AND status = 'refused'",
      [device],
    );
    expect(refused).toEqual([{ refused_because: ['not-the-owner'] }, { refused_because: ['not-the-owner'] }]);
    expect(await transfer(grantee)).toBe(404);
  });
});
