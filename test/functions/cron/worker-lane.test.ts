import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { lanesOf } from '../../../functions/cron/lanes.ts';
import { minuteLimits } from '../../../functions/cron/run-tick.ts';
import type { AppendEvents } from '../../../shared/db/outbox-relay.ts';
import { leases, taskRuns } from '../../../shared/db/schema/cron.ts';
import {
  erasures,
  exports,
  jobRuns,
  retainedRecords,
  workerIdempotencyKeys,
  workerOutbox,
} from '../../../shared/db/schema/worker.ts';
import { awayDatabase, openContexts, type TestContexts } from './contexts.ts';
import { tick, tickingServer } from './tick.ts';

const now = Temporal.Now.instant();
const ago = (days: number) => now.subtract({ hours: days * 24, minutes: 1 });

let contexts: TestContexts;
let appended: string[];
beforeAll(async () => {
  contexts = await openContexts();
});
afterAll(() => contexts.close());
beforeEach(async () => {
  appended = [];
  await Promise.all([contexts.cron.delete(leases), contexts.cron.delete(taskRuns)]);
});

const append: AppendEvents = async (events) => {
  appended.push(...events.map(({ event }) => event.type));
};

function tickAt(at: Temporal.Instant, own: Partial<TestContexts> = {}): Promise<number> {
  const lanes = lanesOf({ ...contexts, ...own }, append, {});
  return tick(tickingServer({ db: contexts.cron, lanes, now: () => at, limits: minuteLimits }), at);
}

const request = { country: 'fr', patientId: randomUUID(), requestedBy: 'somebody', requestedAt: ago(400) };

describe('the worker’s lane', () => {
  it('publishes what a crash left in its outbox', async () => {
    const event = { specversion: '1.0' as const, id: 'i', source: '/s', type: 't.v1', time: now.toString(), data: {} };
    await contexts.worker.insert(workerOutbox).values({ topic: 'jobs', partitionKey: 'k', event });
    expect([await tickAt(now), appended]).toEqual([204, ['t.v1']]);
  });

  it('asks again for an erasure that nobody has tried for a while, once', async () => {
    const { worker } = contexts;
    await worker.insert(erasures).values({ ...request, id: randomUUID(), patientId: randomUUID() });
    expect([await tickAt(now), await tickAt(now.add({ minutes: 1 }))]).toEqual([204, 204]);
    expect(appended).toEqual(['careflow.erasure.requested.v1']);
    await worker.update(erasures).set({ status: 'failed' });
  });

  it('once a day drops what is over, and nothing else', async () => {
    const run = { type: 't', state: 'done' as const, attempts: 1, holder: randomUUID(), deadline: now };
    await contexts.worker.insert(jobRuns).values([
      { ...run, idempotencyKey: 'old', createdAt: ago(150) },
      { ...run, idempotencyKey: 'young', createdAt: ago(149) },
    ]);
    const completed = { status: 'completed' as const, archive: 'sealed', completedAt: ago(8) };
    const [old, young] = [randomUUID(), randomUUID()];
    await contexts.worker.insert(exports).values([
      { ...request, ...completed, id: old, expiresAt: ago(0) },
      { ...request, ...completed, id: young, expiresAt: now.add({ hours: 1 }) },
    ]);
    const erasureId = randomUUID();
    await contexts.worker.insert(erasures).values({ ...request, id: erasureId, status: 'completed' });
    const today = now.toZonedDateTimeISO('UTC').toPlainDate();
    const kept = { erasureId, context: 'laboratory', records: 1, sealed: 'sealed', retainedAt: ago(1) };
    await contexts.worker.insert(retainedRecords).values([
      { ...kept, law: 'over', digest: Buffer.from('1'), keptUntil: today },
      { ...kept, law: 'on', digest: Buffer.from('2'), keptUntil: today.add({ days: 1 }) },
    ]);
    const key = { subject: 's', operation: 'o', fingerprint: Buffer.from(''), status: 202 };
    await contexts.worker.insert(workerIdempotencyKeys).values([
      { ...key, key: 'old', createdAt: new Date(ago(1).epochMilliseconds) },
      { ...key, key: 'young' },
    ]);
    expect(await tickAt(now)).toBe(204);
    expect((await contexts.worker.select().from(jobRuns)).map((one) => one.idempotencyKey)).toEqual(['young']);
    const archives = await contexts.worker.select().from(exports);
    expect(Object.fromEntries(archives.map(({ id, status, archive }) => [id, [status, archive]]))).toEqual({
      [old]: ['expired', null],
      [young]: ['completed', 'sealed'],
    });
    expect((await contexts.worker.select().from(retainedRecords)).map(({ law }) => law)).toEqual(['on']);
    expect((await contexts.worker.select().from(workerIdempotencyKeys)).map((one) => one.key)).toEqual(['young']);
  });

  it('is done whatever other databases are away, and the others without it', async () => {
    const away = awayDatabase();
    const event = { specversion: '1.0' as const, id: 'i', source: '/s', type: 't.v1', time: now.toString(), data: {} };
    await contexts.worker.insert(workerOutbox).values({ topic: 'jobs', partitionKey: 'k', event });
    expect([await tickAt(now, { booking: away, laboratory: away }), appended]).toEqual([503, ['t.v1']]);
    expect(await tickAt(now.add({ minutes: 1 }), { worker: away })).toBe(503);
    expect(await tickAt(now.add({ minutes: 2 }))).toBe(204);
    await away.$client.end();
  });
});

describe('partition maintenance', () => {
  it('that missed its days is made up by the next tick, once, also by two at once', async () => {
    const later = now.add({ hours: 24 * 200 });
    expect(await tickAt(now)).toBe(204);
    const done = async () =>
      (await contexts.cron.select().from(taskRuns)).find(({ task }) => task === 'maintain-laboratory-partitions');
    const before = await done();
    expect(await Promise.all([tickAt(later), tickAt(later)])).toEqual([204, 204]);
    const after = await done();
    expect(before && after && Temporal.Instant.compare(before.doneUntil, after.doneUntil)).toBe(-1);
  });
});
