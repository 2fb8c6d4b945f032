import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

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
let holder: string;
beforeAll(async () => {
  world = await openHomekitWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  world.setTime(MORNING);
  holder = await addPerson(world);
});

type Told = { readonly reason?: string; readonly orderId?: string; readonly happenedAt?: string };

/** Scans, and has it seen to. @returns the scan as it can be read. */
async function scan(kit: Kit, step: string, told: Told = {}, as = OFFICE): Promise<Record<string, unknown>> {
  const body = { code: kit.code, step, happenedAt: world.now().toString(), ...told };
  const answer = await post(world, 'custody-scans', { as, body });
  if (answer.statusCode !== 202) return { statusCode: answer.statusCode };
  await world.pump();
  return (await get(world, `custody-scans/${answer.json<{ id: string }>().id}`, as)).json();
}

async function registered(facts: Parameters<typeof addKit>[1] = {}): Promise<{ kit: Kit; id: string }> {
  const kit = await addKit(world, facts);
  return { kit, id: await registerKit(world, kit, holder) };
}

type Shown = {
  readonly status: string;
  readonly version: number;
  readonly custody: readonly { readonly step: string }[];
};

async function shown(id: string): Promise<Shown> {
  return (await get(world, `test-kits/${id}`, asPatient(holder))).json<Shown>();
}

describe('the chain of custody', () => {
  it('goes from order to result, and is shown to whoever registered the kit', async () => {
    const orderId = randomUUID();
    const kit = await addKit(world, { status: 'stocked' });
    for (const step of ['ordered', 'shipped', 'delivered']) {
      world.pass({ hours: 1 });
      const told = step === 'shipped' ? { orderId } : {};
      expect(await scan(kit, step, told)).toMatchObject({ status: 'recorded', testKitId: kit.id, step });
    }
    const id = await registerKit(world, kit, holder);
    world.pass({ hours: 1 });
    expect(await scan(kit, 'collected', {}, asPatient(holder))).toMatchObject({ status: 'recorded' });
    expect(await scan(kit, 'posted', {}, asPatient(holder))).toMatchObject({ status: 'recorded' });
    world.pass({ hours: 24 });
    for (const step of ['accessioned', 'resulted']) expect(await scan(kit, step)).toMatchObject({ status: 'recorded' });
    const told = await shown(id);
    expect(told).toMatchObject({ status: 'resulted', orderId, collectedAt: '2030-06-03T13:00:00Z', rejection: null });
    expect(told.custody.map(({ step }) => step)).toEqual([
      'ordered',
      'shipped',
      'delivered',
      'registered',
      'collected',
      'posted',
      'accessioned',
      'resulted',
    ]);
    expect(await world.told(kit.id)).toMatchObject([{ type: 'test-kit.registered', orderId }]);
  });

  it('is found by the barcode of the sample as by the code of the kit', async () => {
    const { kit } = await registered();
    expect(await scan({ ...kit, code: kit.barcode }, 'collected')).toMatchObject({
      status: 'recorded',
      testKitId: kit.id,
    });
  });

  it('is found by a barcode that reads like the code of a kit, to the letter', async () => {
    const { kit } = await registered();
    const other = await addKit(world);
    const barcode = `${other.code.slice(0, 6).toLowerCase()}-${other.code.slice(6)}`;
    await world.rows('UPDATE homekit.test_kits SET sample_barcode = $2 WHERE id = $1', [kit.id, barcode]);
    expect(await scan({ ...kit, code: barcode }, 'collected')).toMatchObject({ status: 'recorded', testKitId: kit.id });
  });

  it('says why a step was refused, and has nothing of it', async () => {
    const { kit, id } = await registered({ status: 'shipped' });
    await scan(kit, 'delivered');
    expect(await scan(kit, 'resulted')).toMatchObject({ status: 'refused', refusedBecause: 'out-of-turn' });
    const tomorrow = world.now().add({ hours: 24 }).toString();
    expect(await scan(kit, 'collected', { happenedAt: tomorrow })).toMatchObject({ refusedBecause: 'in-the-future' });
    const yesterday = world.now().subtract({ hours: 24 }).toString();
    expect(await scan(kit, 'collected', { happenedAt: yesterday })).toMatchObject({
      refusedBecause: 'before-the-last-step',
    });
    await scan(kit, 'collected');
    expect(await scan(kit, 'collected')).toMatchObject({ refusedBecause: 'recorded-before' });
    expect((await shown(id)).custody.map(({ step }) => step)).toEqual(['registered', 'delivered', 'collected']);
  });

  it('takes a sample that was collected before its kit was registered', async () => {
    const kit = await addKit(world, { status: 'shipped' });
    await scan(kit, 'delivered');
    world.pass({ hours: 1 });
    const id = await registerKit(world, kit, holder);
    const happenedAt = world.now().subtract({ minutes: 2 }).toString();
    expect(await scan(kit, 'collected', { happenedAt })).toMatchObject({ status: 'recorded' });
    await scan(kit, 'accessioned');
    expect(await shown(id)).toMatchObject({ status: 'accessioned', collectedAt: happenedAt, rejection: null });
  });

  it('tells the order of a kit that becomes known after it was registered, and takes no other', async () => {
    const { kit, id } = await registered({ status: 'ordered' });
    const orderId = randomUUID();
    expect(await scan(kit, 'shipped', { orderId })).toMatchObject({ status: 'recorded' });
    const told = await world.told(kit.id);
    expect(told.map(({ type }) => type)).toEqual(['test-kit.registered', 'test-kit.registered']);
    expect(told.map(({ orderId: of }) => of)).toEqual([undefined, orderId]);
    expect(await shown(id)).toMatchObject({ status: 'registered', orderId });
    const other = await scan(kit, 'ordered', { orderId: randomUUID() });
    expect(other).toMatchObject({ status: 'refused', refusedBecause: 'another-order' });
    await scan(kit, 'delivered');
    expect(await world.told(kit.id)).toHaveLength(2);
    expect(await shown(id)).toMatchObject({ orderId });
  });

  it('has a step once, however often and at once its scan comes', async () => {
    const { kit, id } = await registered();
    const body = { code: kit.code, step: 'collected', happenedAt: MORNING };
    await Promise.all(Array.from({ length: 6 }, () => post(world, 'custody-scans', { as: OFFICE, body })));
    const requests = (await world.requests()).slice(-6);
    const statuses = await Promise.all([...requests, ...requests].map(world.deliver));
    expect(new Set(statuses)).toEqual(new Set([204]));
    const told = await shown(id);
    expect([told.custody.length, told.version]).toEqual([2, 3]);
  });

  it('takes a delivery that is scanned after the kit was registered', async () => {
    const { kit, id } = await registered({ status: 'shipped' });
    expect(await scan(kit, 'delivered', { happenedAt: '2030-06-02T09:00:00Z' })).toMatchObject({ status: 'recorded' });
    expect(await shown(id)).toMatchObject({ status: 'registered' });
  });

  it('cannot be changed by the function, nor by whoever may do everything', async () => {
    const { kit } = await registered();
    const attempts = [
      "UPDATE homekit.custody_log SET step = 'resulted' WHERE test_kit_id = $1",
      'DELETE FROM homekit.custody_log WHERE test_kit_id = $1',
    ];
    for (const attempt of attempts) {
      await expect(world.rows(attempt, [kit.id])).rejects.toThrow('only added to');
    }
    await expect(world.rows('TRUNCATE homekit.custody_log')).rejects.toThrow('only added to');
    const rights = await world.rows<{ right: string }>(
      `SELECT privilege_type AS right FROM information_schema.role_table_grants
       WHERE grantee = 'careflow_homekit' AND table_schema = 'homekit' AND table_name = 'custody_log'`,
    );
    expect(rights.map(({ right }) => right).toSorted()).toEqual(['INSERT', 'SELECT']);
  });
});

describe('a sample that cannot be analysed', () => {
  it('is rejected by the laboratory with its reason, and another kit is offered', async () => {
    const { kit, id } = await registered({ orderId: randomUUID() });
    await scan(kit, 'collected');
    expect(await scan(kit, 'rejected', { reason: 'leaked' })).toMatchObject({ status: 'recorded' });
    const told = await shown(id);
    expect(told).toMatchObject({
      status: 'rejected',
      rejection: { reason: 'leaked', details: [] },
      replacement: { offerId: expect.any(String), offeredAt: MORNING },
    });
    expect((await world.told(kit.id)).at(-1)).toMatchObject({
      type: 'test-kit.rejected',
      reason: 'leaked',
      patientId: holder,
      version: told.version,
      replacementOfferId: expect.any(String),
    });
  });

  it('is rejected where it comes after the time it lasts', async () => {
    const { kit, id } = await registered({ stabilityHours: 48 });
    await scan(kit, 'collected');
    world.pass({ hours: 48, seconds: 1 });
    expect(await scan(kit, 'accessioned')).toMatchObject({ status: 'recorded' });
    expect(await shown(id)).toMatchObject({ status: 'rejected', rejection: { reason: 'sample-unstable' } });
    expect((await world.told(kit.id)).at(-1)).toMatchObject({ reason: 'sample-unstable' });
  });

  it('is analysed to the last second that it lasts', async () => {
    const { kit, id } = await registered({ stabilityHours: 48 });
    await scan(kit, 'collected');
    world.pass({ hours: 48 });
    await scan(kit, 'accessioned');
    expect(await shown(id)).toMatchObject({ status: 'accessioned', rejection: null });
  });

  it('is rejected where it was collected after its lot had expired', async () => {
    const { kit, id } = await registered({ expiresOn: '2030-06-03' });
    world.pass({ hours: 24 });
    await scan(kit, 'collected');
    await scan(kit, 'accessioned');
    expect(await shown(id)).toMatchObject({ status: 'rejected', rejection: { reason: 'lot-expired' } });
  });

  it('is rejected where nobody said when it was collected, and another kit is offered', async () => {
    const { kit, id } = await registered();
    world.pass({ hours: 24 });
    expect(await scan(kit, 'accessioned')).toMatchObject({ status: 'recorded' });
    const told = await shown(id);
    expect(told).toMatchObject({
      status: 'rejected',
      rejection: { reason: 'collection-time-missing', details: [] },
      replacement: { offerId: expect.any(String) },
    });
    expect(told.custody.map(({ step }) => step)).toEqual(['registered', 'accessioned', 'rejected']);
    expect((await world.told(kit.id)).at(-1)).toMatchObject({
      type: 'test-kit.rejected',
      reason: 'collection-time-missing',
      replacementOfferId: expect.any(String),
    });
  });

  it('is the laboratory’s no more', async () => {
    const { kit } = await registered();
    await scan(kit, 'rejected', { reason: 'damaged' });
    const published = await world.rows('SELECT 1 FROM homekit.published_test_kits WHERE test_kit_id = $1', [kit.id]);
    expect(published).toEqual([]);
  });
});

describe('who scans', () => {
  it('is whoever registered the kit, when they collected and posted it, and nothing else', async () => {
    const { kit } = await registered();
    for (const step of ['shipped', 'accessioned', 'resulted']) {
      expect(await scan(kit, step, {}, asPatient(holder))).toEqual({ statusCode: 403 });
    }
    const stranger = asPatient(await addPerson(world));
    expect(await scan(kit, 'collected', {}, stranger)).toEqual({ statusCode: 404 });
    expect(await scan(await addKit(world), 'collected', {}, asPatient(holder))).toEqual({ statusCode: 404 });
  });

  it('is not named in the chain where they are the holder', async () => {
    const { kit } = await registered();
    await scan(kit, 'collected', {}, asPatient(holder));
    await scan(kit, 'posted');
    const log = await world.rows(
      'SELECT step, recorded_by, recorded_as FROM homekit.custody_log WHERE test_kit_id = $1',
      [kit.id],
    );
    expect(log).toEqual([
      { step: 'registered', recorded_by: null, recorded_as: 'patient' },
      { step: 'collected', recorded_by: null, recorded_as: 'patient' },
      { step: 'posted', recorded_by: 'office', recorded_as: 'staff' },
    ]);
  });

  it('is not named there either where they are the holder and of the office', async () => {
    const { kit } = await registered();
    await scan(kit, 'collected', {}, `staff ${holder.toUpperCase()}`);
    const log = await world.rows(
      "SELECT recorded_by, recorded_as FROM homekit.custody_log WHERE test_kit_id = $1 AND step = 'collected'",
      [kit.id],
    );
    expect(log).toEqual([{ recorded_by: null, recorded_as: 'staff' }]);
  });

  it('reads what became of their scans; nobody else does', async () => {
    const { kit } = await registered();
    const { id } = await scan(kit, 'collected', {}, asPatient(holder));
    const stranger = asPatient(await addPerson(world));
    expect((await get(world, `custody-scans/${String(id)}`, stranger)).statusCode).toBe(404);
    expect((await get(world, `custody-scans/${String(id)}`, OFFICE)).statusCode).toBe(200);
  });

  it('finds no kit of another country', async () => {
    expect(await scan(await addKit(world, { country: 'de' }), 'shipped')).toEqual({ statusCode: 404 });
  });
});

describe('what goes with a step', () => {
  it.each([
    ['/reason', 'rejected', {}],
    ['/reason', 'collected', { reason: 'leaked' }],
    ['/orderId', 'delivered', { orderId: randomUUID() }],
  ])('is checked: %s with %s', async (path, step, told) => {
    const { kit } = await registered();
    const body = { code: kit.code, step, happenedAt: MORNING, ...told };
    const answer = await post(world, 'custody-scans', { as: OFFICE, body });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ errors: [{ path }] });
  });
});
