import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { type Proxy, startProxy } from '../booking/proxy.ts';
import { Accessory, addKit, addPerson, asPatient, get, type HomekitWorld, openHomekitWorld, post } from './world.ts';

type Ways = { readonly homekit: Proxy; readonly patientReader: Proxy };

let ways: Ways;
let world: HomekitWorld;
beforeAll(async () => {
  world = await openHomekitWorld(async (database) => {
    ways = {
      homekit: await startProxy(database.urlFor('careflow_homekit')),
      patientReader: await startProxy(database.urlFor('careflow_patient_reader')),
    };
    return { homekit: ways.homekit.url, patientReader: ways.patientReader.url };
  });
});
afterEach(async () => {
  await Promise.all(Object.values(ways).map((way) => way.mend()));
});
afterAll(async () => {
  await world.close();
  await Promise.all(Object.values(ways).map((way) => way.close()));
});

async function wish(): Promise<{ as: string; body: { patientId: string; kitCode: string; consentVersion: string } }> {
  const patientId = await addPerson(world);
  const { code: kitCode } = await addKit(world);
  return { as: asPatient(patientId), body: { patientId, kitCode, consentVersion: '2030-03' } };
}

describe('while its own database is away', () => {
  it('takes no request, and takes the same one when it is back', async () => {
    const asked = await wish();
    const headers = { 'idempotency-key': 'one-kit' };
    await ways.homekit.cut();
    const refused = await post(world, 'test-kits', { ...asked, headers });
    expect([refused.statusCode, refused.json()]).toMatchObject([503, { code: 'unavailable' }]);
    await ways.homekit.mend();
    expect((await post(world, 'test-kits', { ...asked, headers })).statusCode).toBe(202);
    expect(await world.pump()).toEqual([204]);
  });

  it('asks for an event to come again, and sees to it once then', async () => {
    const asked = await wish();
    const { id } = (await post(world, 'test-kits', asked)).json<{ id: string }>();
    const event = (await world.requests()).at(-1);
    if (event === undefined) throw new Error('nothing was asked');
    await ways.homekit.cut();
    expect(await world.deliver(event)).toBe(503);
    await ways.homekit.mend();
    expect([await world.deliver(event), await world.deliver(event)]).toEqual([204, 204]);
    const shown = (await get(world, `test-kits/${id}`, asked.as)).json<{ status: string; testKitId: string }>();
    expect(shown.status).toBe('registered');
    expect(await world.told(shown.testKitId)).toHaveLength(1);
  });

  it('breaks off under load without a registration lost or made twice', async () => {
    const wishes = await Promise.all(Array.from({ length: 30 }, wish));
    const answers = wishes.map(({ as, body }) => post(world, 'test-kits', { as, body }));
    await Promise.race(answers);
    await ways.homekit.cut();
    const statuses = (await Promise.all(answers)).map(({ statusCode }) => statusCode);
    expect(statuses.every((status) => status === 202 || status === 503)).toBe(true);
    await ways.homekit.mend();
    const again = await Promise.all(wishes.map(({ as, body }) => post(world, 'test-kits', { as, body })));
    expect(new Set(again.map(({ statusCode }) => statusCode))).toEqual(new Set([202]));
    await world.pump();
    const kept = await world.rows<{ kit_code: string; status: string }>(
      'SELECT kit_code, status FROM homekit.test_kit_registrations WHERE kit_code = ANY($1)',
      [wishes.map(({ body }) => body.kitCode)],
    );
    expect(kept).toHaveLength(30);
    expect(new Set(kept.map(({ status }) => status))).toEqual(new Set(['registered']));
  });
});

describe('while the patient context is away', () => {
  it('takes no request: nobody knows whom it is for', async () => {
    const asked = await wish();
    await ways.patientReader.cut();
    expect((await post(world, 'test-kits', asked)).statusCode).toBe(503);
    const body = new Accessory().wish(asked.body.patientId);
    expect((await post(world, 'devices', { as: asked.as, body })).statusCode).toBe(503);
    await ways.patientReader.mend();
    expect((await post(world, 'test-kits', asked)).statusCode).toBe(202);
    await world.pump();
  });

  it('leaves a kit undecided until it is back', async () => {
    const asked = await wish();
    const { id } = (await post(world, 'test-kits', asked)).json<{ id: string }>();
    await ways.patientReader.cut();
    expect(await world.pump()).toEqual([503]);
    expect((await get(world, `test-kits/${id}`, asked.as)).json()).toMatchObject({ status: 'received' });
    const event = (await world.requests()).at(-1);
    if (event === undefined) throw new Error('nothing was asked');
    await ways.patientReader.mend();
    expect(await world.deliver(event)).toBe(204);
    expect((await get(world, `test-kits/${id}`, asked.as)).json()).toMatchObject({ status: 'registered' });
  });
});
