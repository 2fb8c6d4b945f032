import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { lanesOf } from '../../../functions/cron/lanes.ts';
import { minuteLimits } from '../../../functions/cron/run-tick.ts';
import { challenges, devices, grants, homekitInbox, homekitOutbox, proofs } from '../../../shared/db/schema/homekit.ts';
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

async function addDevice(updatedAt = now): Promise<string> {
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
    updatedAt,
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
    const [old, answered, recent] = [nonce(ago(25)), nonce(ago(25)), nonce(ago(23))];
    await contexts.homekit.insert(challenges).values([old, answered, recent]);
    const parts = { deviceId, accessoryKey: '0'.repeat(64), signature: '0'.repeat(128) };
    const proof = (receivedAt: Temporal.Instant) =>
      ({ id: randomUUID(), nonce: old.nonce, ...parts, status: 'accepted', receivedAt }) as const;
    const [oldProof, recentProof] = [proof(ago(31 * 24)), proof(ago(29 * 24))];
    const open = { ...recentProof, id: randomUUID(), nonce: answered.nonce, status: 'received' } as const;
    await contexts.homekit.insert(proofs).values([oldProof, recentProof, open]);
    const grant = (status: 'active' | 'revoked', hours: number, expiresAt: Temporal.Instant | null = null) => {
      const people = { granteeId: randomUUID(), grantedBy: randomUUID() };
      const times = { createdAt: ago(hours), updatedAt: ago(hours), expiresAt };
      return { id: randomUUID(), deviceId, ...people, role: 'user' as const, scopes: [], status, ...times };
    };
    const kept = [grant('active', 31 * 24), grant('revoked', 29 * 24), grant('active', 31 * 24, ago(29 * 24))];
    const dropped = [grant('revoked', 31 * 24), grant('active', 40 * 24, ago(31 * 24))];
    await contexts.homekit.insert(grants).values([...kept, ...dropped]);
    await keep('old', ago(8 * 24));
    await keep('recent', ago(6 * 24));
    const processed = (hours: number) => new Date(ago(hours).epochMilliseconds);
    await contexts.homekit.insert(homekitInbox).values([
      { consumer: 'homekit', source: '/careflow/homekit', eventId: 'old', processedAt: processed(151 * 24) },
      { consumer: 'homekit', source: '/careflow/homekit', eventId: 'recent', processedAt: processed(149 * 24) },
    ]);
    expect(await runTick()).toBe(204);
    const nonces = (await contexts.homekit.select().from(challenges)).map((challenge) => challenge.nonce);
    expect(nonces.toSorted()).toEqual([answered.nonce, recent.nonce].toSorted());
    expect((await contexts.homekit.select().from(proofs)).map(({ id }) => id)).toEqual([recentProof.id, open.id]);
    const left = (await contexts.homekit.select().from(grants)).map(({ id }) => id);
    expect(left.toSorted()).toEqual(kept.map(({ id }) => id).toSorted());
    expect((await contexts.homekit.select().from(homekitOutbox)).map(({ event }) => event.type)).toEqual(['recent']);
    expect((await contexts.homekit.select().from(homekitInbox)).map(({ eventId }) => eventId)).toEqual(['recent']);
  });

  it('gives up devices that have not answered for a day, and tells of it', async () => {
    const [waiting, answered, silent] = [await addDevice(ago(23)), await addDevice(ago(25)), await addDevice(ago(25))];
    const parts = { nonce: randomUUID(), accessoryKey: '0'.repeat(64), signature: '0'.repeat(128) };
    const proof = { id: randomUUID(), deviceId: answered, ...parts, status: 'received', receivedAt: ago(25) } as const;
    await contexts.homekit.insert(proofs).values(proof);
    expect(await runTick()).toBe(204);
    const known = await contexts.homekit.select().from(devices);
    const statusOf = (wanted: string) => known.find(({ id }) => id === wanted)?.status;
    expect([waiting, answered, silent].map(statusOf)).toEqual(['awaiting-proof', 'awaiting-proof', 'rejected']);
    expect(known.find(({ id }) => id === silent)).toMatchObject({ rejectedBecause: 'proof-expired', version: 2 });
    expect(appended).toEqual(['careflow.homekit-device.rejected.v1']);
  });

  it('holds up no other while its database is away', async () => {
    await contexts.homekit.delete(homekitOutbox);
    expect(await runTick({ homekit: awayDatabase() })).toBe(503);
    const done = (await contexts.cron.select().from(taskRuns)).map(({ task }) => task);
    expect(done).toEqual(expect.arrayContaining(['sweep-booking-outbox', 'sweep-patient-outbox']));
    expect(done).not.toContain('sweep-homekit-outbox');
  });
});
