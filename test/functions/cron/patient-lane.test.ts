import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { lanesOf } from '../../../functions/cron/lanes.ts';
import { minuteLimits } from '../../../functions/cron/run-tick.ts';
import { accountUpdated } from '../../../shared/db/customer-events.ts';
import { enqueue, type OutgoingEvent } from '../../../shared/db/outbox.ts';
import { patientIdempotencyKeys, patientInbox, patientOutbox, sessions } from '../../../shared/db/schema/account.ts';
import { openContexts, type TestContexts } from './contexts.ts';
import { tick, tickingServer } from './tick.ts';

let contexts: TestContexts;
beforeAll(async () => {
  contexts = await openContexts();
});
afterAll(() => contexts.close());

const now = Temporal.Now.instant();
const ago = (hours: number) => new Date(now.subtract({ hours, minutes: 1 }).epochMilliseconds);

/** One tick; resolves to the events that it published. */
async function tickOnce(): Promise<OutgoingEvent[]> {
  const published: OutgoingEvent[] = [];
  const lanes = lanesOf(contexts, async (events) => void published.push(...events), {});
  const server = tickingServer({ db: contexts.cron, lanes, now: () => now, limits: minuteLimits });
  expect(await tick(server, now)).toBe(204);
  return published;
}

describe('a tick', () => {
  it('publishes what a crash left of customers, and forgets what nobody asks for any more', async () => {
    const { patient } = contexts;
    const patientId = randomUUID();
    const account = { patientId, country: 'fr', version: 1, status: 'active', changedAt: now } as const;
    const left = accountUpdated(account, 'none');
    await enqueue(patient, patientOutbox, [left]);
    await patient.insert(patientOutbox).values({ ...left, partitionKey: 'sent long ago', sentAt: ago(7 * 24) });
    const claim = { consumer: 'customer', source: '/careflow/customer' };
    await patient.insert(patientInbox).values([
      { ...claim, eventId: 'old', processedAt: ago(150 * 24) },
      { ...claim, eventId: 'young', processedAt: ago(149 * 24) },
    ]);
    const key = { subject: patientId, operation: 'placeOrder', fingerprint: Buffer.from(''), status: 201, body: {} };
    await patient.insert(patientIdempotencyKeys).values([
      { ...key, key: 'old', createdAt: ago(24) },
      { ...key, key: 'young', createdAt: ago(23) },
    ]);
    const overSince = (days: number) => {
      const expiresAt = now.subtract({ hours: days * 24, minutes: 1 });
      const startedAt = expiresAt.subtract({ hours: 24 });
      return {
        referenceHash: Buffer.from(`${days}`),
        subject: `over for ${days} days`,
        startedAt,
        lastUsedAt: startedAt,
        expiresAt,
      };
    };
    await patient.insert(sessions).values([overSince(30), overSince(29)]);

    expect((await tickOnce()).map(({ event }) => event.id)).toEqual([left.event.id]);
    expect((await patient.select().from(patientOutbox)).map(({ partitionKey }) => partitionKey)).toEqual([patientId]);
    expect((await patient.select().from(patientInbox)).map(({ eventId }) => eventId)).toEqual(['young']);
    expect((await patient.select().from(patientIdempotencyKeys)).map((row) => row.key)).toEqual(['young']);
    expect((await patient.select().from(sessions)).map(({ subject }) => subject)).toEqual(['over for 29 days']);
  });
});
