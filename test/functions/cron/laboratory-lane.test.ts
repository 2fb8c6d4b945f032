import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { lanesOf } from '../../../functions/cron/lanes.ts';
import { minuteLimits } from '../../../functions/cron/run-tick.ts';
import { labMessageKeys, labQuarantine } from '../../../shared/db/schema/laboratory.ts';
import { openContexts, type TestContexts } from './contexts.ts';
import { tick, tickingServer } from './tick.ts';

const now = Temporal.Now.instant();
const ago = (days: number) => now.subtract({ hours: days * 24, minutes: 1 });

let contexts: TestContexts;
beforeAll(async () => {
  contexts = await openContexts();
});
afterAll(() => contexts.close());

/** @returns the message's id. */
async function putAside(controlId: string, receivedAt: Temporal.Instant, decidedAt?: Temporal.Instant) {
  const id = randomUUID();
  const sent = { sender: 'lab', controlId, mediaType: 'text/plain', receivedAt, sealed: 'sealed' };
  const decision = decidedAt ? { state: 'discarded' as const, decidedBy: 'office', decidedAt } : {};
  const why = { reason: 'unreadable' as const, details: [] };
  await contexts.laboratory.insert(labQuarantine).values({ id, messageId: id, ...sent, ...why, ...decision });
  await contexts.laboratory
    .insert(labMessageKeys)
    .values({ messageId: id, key: Buffer.from('key'), createdAt: receivedAt });
  return id;
}

it('once a day a message that waits for nobody’s decision is dropped with its key, and no younger one', async () => {
  await putAside('old', ago(150));
  const young = await putAside('young', ago(149));
  await putAside('decided', ago(31), ago(30));
  const decided = await putAside('decided lately', ago(31), ago(29));
  const lanes = lanesOf(contexts, async () => undefined, {});
  expect(await tick(tickingServer({ db: contexts.cron, lanes, now: () => now, limits: minuteLimits }), now)).toBe(204);
  const left = await contexts.laboratory.select().from(labQuarantine);
  expect(left.map(({ controlId }) => controlId).toSorted()).toEqual(['decided lately', 'young']);
  const keys = (await contexts.laboratory.select().from(labMessageKeys)).map(({ messageId }) => messageId);
  expect([keys.length, keys.includes(young), keys.includes(decided)]).toEqual([3, true, true]);
});
