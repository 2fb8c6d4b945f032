import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { lanesOf } from '../../../functions/cron/lanes.ts';
import { minuteLimits } from '../../../functions/cron/run-tick.ts';
import { challenges, devices, homekitInbox, homekitOutbox, proofs } from '../../../shared/db/schema/homekit.ts';
import { leases, taskRuns } from '../../../shared/db/schema/cron.ts';
import { awayDatabase, openContexts, type TestContexts } from './contexts.ts';
import { tick, tickingServer } from './tick.ts';

let contexts: TestContexts;
let appended: string[];
const now = Temporal.Now.instant();
const ago = (hours: number) => now.subtract({ hours });

beforeAll(async () => {
  contexts = await openContexts();
});
afterAll(() => contexts.close());
beforeEach(async () => {
  appended = [];
  await Promise.all([contexts.cron.delete(leases), contexts.cron.delete(taskRuns)]);
  await contexts.homekit.delete(homekitOutbox);
});

function runTick(own: Partial<TestContexts> = {}): Promise<number> {
  const append = async (events: readonly { readonly event: { readonly type: string } }[]) => {
    appended.push(...events.map(({ event }) => event.type));
  };
  const lanes = lanesOf({ ...contexts, ...own }, append, {});
  return tick(tickingServer({ db: contexts.cron, lanes, now: () => now, limits: minuteLimits }), now);
}

async function addDevice(): Promise<string> {
  const id = randomUUID();
  await contexts.homekit.insert(devices).values({
    id,
    country: 'fr',
    patientId: randomUUID(),
    status: 'awaiting-proof',
    model: 'Scale',
    serialNumber: id,
    ltpk: randomUUID().replaceAll('-', '').repeat(2),
    pairingId: 'AA:BB:CC:DD:EE:FF',
    category: 5,
    setupId: '7OSX',
    createdAt: now,
    updatedAt: now,
  });
  return id;
}

async function keep(type: string, sentAt: Temporal.Instant | null): Promise<void> {
  const event = {
    specversion: '1.0',
    id: randomUUID(),
    source: '/careflow/homekit',
    type,
    time: now.toString(),
    data: {},
  } as const;
  const sent = sentAt && new Date(sentAt.epochMilliseconds);
  await contexts.homekit
    .insert(homekitOutbox)
    .values({ topic: 'homekit-events', partitionKey: 'x', event, sentAt: sent });
}

describe('the lane of homekit', () => {
  it('publishes what a crash left in the outbox', async () => {
    await keep('left', null);
    expect(await runTick()).toBe(204);
    expect(appended).toEqual(['left']);
  });

  it('drops nonces that are over, proofs of a month ago, and what was sent and processed long ago', async () => {
    const deviceId = await addDevice();
    const nonce = (expiresAt: Temporal.Instant) => ({ nonce: randomUUID(), deviceId, expiresAt });
    const [old, recent] = [nonce(ago(25)), nonce(ago(23))];
    await contexts.homekit.insert(challenges).values([old, recent]);
    const proof = (receivedAt: Temporal.Instant) => {
      const parts = { nonce: old.nonce, accessoryKey: '0'.repeat(64), signature: '0'.repeat(128) };
      return { id: randomUUID(), deviceId, ...parts, status: 'accepted', receivedAt } as const;
    };
    const [oldProof, recentProof] = [proof(ago(31 * 24)), proof(ago(29 * 24))];
    await contexts.homekit.insert(proofs).values([oldProof, recentProof]);
    await keep('old', ago(8 * 24));
    await keep('recent', ago(6 * 24));
    const processed = (hours: number) => new Date(ago(hours).epochMilliseconds);
    await contexts.homekit.insert(homekitInbox).values([
      { consumer: 'homekit', source: '/careflow/homekit', eventId: 'old', processedAt: processed(151 * 24) },
      { consumer: 'homekit', source: '/careflow/homekit', eventId: 'recent', processedAt: processed(149 * 24) },
    ]);
    expect(await runTick()).toBe(204);
    expect((await contexts.homekit.select().from(challenges)).map(({ nonce }) => nonce)).toEqual([recent.nonce]);
    expect((await contexts.homekit.select().from(proofs)).map(({ id }) => id)).toEqual([recentProof.id]);
    expect((await contexts.homekit.select().from(homekitOutbox)).map(({ event }) => event.type)).toEqual(['recent']);
    expect((await contexts.homekit.select().from(homekitInbox)).map(({ eventId }) => eventId)).toEqual(['recent']);
  });

  it('holds up no other while its database is away', async () => {
    await contexts.homekit.delete(homekitOutbox);
    expect(await runTick({ homekit: awayDatabase() })).toBe(503);
    const done = (await contexts.cron.select().from(taskRuns)).map(({ task }) => task);
    expect(done).toEqual(expect.arrayContaining(['sweep-booking-outbox', 'sweep-patient-outbox']));
    expect(done).not.toContain('sweep-homekit-outbox');
  });
});
