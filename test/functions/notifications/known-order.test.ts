import { afterAll, beforeAll, expect, it } from 'vitest';

import type { AnyEvent } from '../../../schemas/events/contract.ts';
import { TestKitRegistered } from '../../../schemas/events/homekit.v1.ts';
import { addKit, addPerson, type HomekitWorld, OFFICE, openHomekitWorld, post, registerKit } from '../homekit/world.ts';
import { openWorld, type World } from './world.ts';

let homekit: HomekitWorld;
let world: World;
beforeAll(async () => {
  [homekit, world] = await Promise.all([openHomekitWorld(), openWorld()]);
});
afterAll(async () => {
  await Promise.all([homekit.close(), world.close()]);
});

it('a kit whose order becomes known after it was registered is told of once', async () => {
  const kit = await addKit(homekit, { status: 'ordered' });
  await registerKit(homekit, kit, await addPerson(homekit));
  const body = { code: kit.code, step: 'shipped', happenedAt: homekit.now().toString(), orderId: crypto.randomUUID() };
  expect((await post(homekit, 'custody-scans', { as: OFFICE, body })).statusCode).toBe(202);
  await homekit.pump();
  const patientId = await world.addPatient();
  const found = await homekit.rows<{ event: AnyEvent }>(
    'SELECT event FROM homekit.outbox WHERE event->>$1 = $2 ORDER BY seq',
    ['type', TestKitRegistered.type],
  );
  expect(found).toHaveLength(2);
  for (const { event } of found) {
    expect(await world.deliver({ ...event, data: { ...Object(event.data), patientId } })).toBe(204);
  }
  expect(world.sent.map(({ channel }) => channel).toSorted()).toEqual(['email', 'sms']);
});
