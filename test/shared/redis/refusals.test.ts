import { randomUUID } from 'node:crypto';

import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { connectRedis } from '../../../shared/redis/client.ts';
import { createRefusals, type RefusedSlot, type Refusals } from '../../../shared/redis/refusals.ts';
import { createRedisDatabase } from '../../support/services/redis-database.ts';
import { until } from '../../support/until.ts';

const details = { reasons: [{ code: 'slot-taken' }] };

function aSlot(): RefusedSlot {
  return {
    practitionerId: randomUUID(),
    visitTypeId: randomUUID(),
    slotStart: Temporal.Instant.from('2031-03-03T09:00:00Z'),
  };
}

function inMs(milliseconds: number): Temporal.Instant {
  return Temporal.Instant.fromEpochMilliseconds(Date.now() + milliseconds);
}

describe('refusals', () => {
  let redis: Redis;
  let refusals: Refusals;
  beforeAll(async () => {
    redis = await connectRedis(await createRedisDatabase());
    refusals = createRefusals(redis);
  });
  afterAll(() => redis.disconnect());

  async function generationOf({ practitionerId }: RefusedSlot): Promise<string> {
    const generation = await refusals.begin(practitionerId);
    if (generation === undefined) throw new Error('no refusal can be kept');
    return generation;
  }

  async function refuse(slot: RefusedSlot): Promise<void> {
    await refusals.save(slot, { generation: await generationOf(slot), details });
  }

  it('knows nothing of a slot that was not refused', async () => {
    expect(await refusals.find(aSlot())).toBeUndefined();
  });

  it('knows why a slot was refused, and no other slot for it', async () => {
    const slot = aSlot();
    await refuse(slot);
    expect(await refusals.find(slot)).toEqual(details);
    const others = [
      { ...slot, visitTypeId: randomUUID() },
      { ...slot, practitionerId: randomUUID() },
      { ...slot, slotStart: slot.slotStart.add({ minutes: 30 }) },
    ];
    for (const other of others) expect(await refusals.find(other)).toBeUndefined();
  });

  it('forgets within two seconds', async () => {
    const slot = aSlot();
    await refuse(slot);
    const left = await redis.pttl(
      `refusals:{${slot.practitionerId}}:${slot.visitTypeId}:${slot.slotStart.epochMilliseconds}`,
    );
    expect(left > 0 && left <= 2_000).toBe(true);
    await until(async () => (await refusals.find(slot)) === undefined, { what: 'the refusal to end' });
  });

  it('forgets when what stood in the way ends, where that is sooner, and keeps nothing that is over', async () => {
    const [soon, over] = [aSlot(), aSlot()];
    const end = inMs(300);
    await refusals.save(soon, { generation: await generationOf(soon), details, until: end });
    await refusals.save(over, { generation: await generationOf(over), details, until: inMs(-1) });
    expect([await refusals.find(soon), await refusals.find(over)]).toEqual([details, undefined]);
    await until(async () => (await refusals.find(soon)) === undefined, { what: 'the refusal to end' });
    expect(Date.now() - end.epochMilliseconds).toBeLessThan(1_000);
  });

  it('believes nothing any more when time of the practitioner was freed', async () => {
    const slot = aSlot();
    await refuse(slot);
    await refusals.forget(slot.practitionerId);
    expect(await refusals.find(slot)).toBeUndefined();
  });

  it('believes no refusal that was decided before and is told after time was freed', async () => {
    const slot = aSlot();
    const generation = await generationOf(slot);
    await refusals.forget(slot.practitionerId);
    await refusals.save(slot, { generation, details });
    expect(await refusals.find(slot)).toBeUndefined();
    await redis.del(`refusals:{${slot.practitionerId}}:freeing`);
    expect(await refusals.find(slot)).toBeUndefined();
  });

  it('keeps none while time is being freed, until one has no longer to live than that', async () => {
    const slot = aSlot();
    await refusals.forget(slot.practitionerId);
    expect(await refusals.begin(slot.practitionerId)).toBeUndefined();
    const left = await redis.pttl(`refusals:{${slot.practitionerId}}:freeing`);
    expect(left > 2_000 && left <= 3_000).toBe(true);
  });

  it('believes nothing that was decided before Redis forgot all', async () => {
    const slot = aSlot();
    const generation = await generationOf(slot);
    await redis.flushdb();
    await refusals.save(slot, { generation, details });
    expect(await refusals.find(slot)).toBeUndefined();
    await generationOf(slot);
    expect(await refusals.find(slot)).toBeUndefined();
  });

  it('says the same generation to all who begin until time is freed', async () => {
    const slot = aSlot();
    const generations = await Promise.all([1, 2, 3].map(() => generationOf(slot)));
    expect(new Set(generations).size).toBe(1);
  });

  it('neither knows nor fails where Redis is away', async () => {
    const away = await connectRedis('redis://127.0.0.1:1', { timeoutMs: 20 });
    const none = createRefusals(away);
    const slot = aSlot();
    expect([await none.find(slot), await none.begin(slot.practitionerId)]).toEqual([undefined, undefined]);
    await none.save(slot, { generation: 'any', details });
    await none.forget(slot.practitionerId);
    away.disconnect();
  });
});
