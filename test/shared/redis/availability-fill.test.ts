import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { connectRedis } from '../../../shared/redis/client.ts';
import { createRedisDatabase } from '../../support/services/redis-database.ts';
import { after, aWindow, bitmapOn, blockKeys, DAYS, free, fullWindow, TODAY } from './bitmap-samples.ts';

let redis: Redis;

beforeAll(async () => {
  redis = await connectRedis(await createRedisDatabase(), { timeoutMs: 10_000 });
});
beforeEach(() => redis.flushdb());
afterAll(() => redis.disconnect());

describe('filling', () => {
  it('writes all that is unknown, whatever the order, gaps and repetitions', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    const ordinals = [0, 1, 2, 5, 4, 3, 760, 761, 762, 5_000, 2, 9];
    await bitmap.fill(ordinals.map((ordinal) => aWindow(ordinal, after(-(ordinal % 2)))));
    expect(await bitmap.readMany(ordinals, TODAY, DAYS - 1)).toEqual(
      ordinals.map(() => aWindow(0).days.slice(0, DAYS - 1)),
    );
    const [others] = [[6, 7, 8, 10, 759, 763]];
    expect(await bitmap.readMany(others, TODAY, 1)).toEqual(others.map(() => [undefined]));
  });

  it('writes nothing of nothing', async () => {
    await bitmapOn(redis, TODAY).fill([]);
    expect(await redis.dbsize()).toBe(0);
  });

  it('leaves what is known as it is', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    await bitmap.writeRow(aWindow(1));
    await bitmap.fill([fullWindow(0), fullWindow(1), fullWindow(2)]);
    expect(await bitmap.readMany([0, 1, 2], TODAY, DAYS)).toEqual([
      fullWindow(0).days,
      aWindow(1).days,
      fullWindow(2).days,
    ]);
  });

  it('takes of a later window only the days that were not known', async () => {
    await bitmapOn(redis, TODAY).fill([fullWindow(0), fullWindow(1)]);
    const bitmap = bitmapOn(redis, after(3));
    await bitmap.writeDays(1, [{ date: after(5), bits: free(9) }]);
    await bitmap.fill([aWindow(0, after(3)), aWindow(1, after(3)), aWindow(2, after(3))]);
    const kept = fullWindow(0).days.slice(3);
    const added = aWindow(0, after(DAYS)).days.slice(0, 3);
    expect(await bitmap.readMany([0, 1, 2], TODAY, DAYS + 4)).toEqual([
      [undefined, undefined, undefined, ...kept, ...added, undefined],
      [undefined, undefined, undefined, ...kept.with(2, free(9)), ...added, undefined],
      [undefined, undefined, undefined, ...aWindow(2, after(3)).days, undefined],
    ]);
  });

  it('leaves a later window as it is', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    await bitmap.fill([fullWindow(0, after(1)), fullWindow(1)]);
    await bitmap.fill([aWindow(0), aWindow(1)]);
    expect(await bitmap.readMany([0, 1], TODAY, DAYS + 1)).toEqual([
      [undefined, ...fullWindow(0).days],
      [...fullWindow(1).days, undefined],
    ]);
  });

  it('loses no day that is written meanwhile', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    const ordinals = Array.from({ length: 3_000 }, (_, ordinal) => ordinal);
    const booked = ordinals.filter((ordinal) => ordinal % 10 === 0);
    const book = async (ordinal: number) => {
      const written = await bitmap.writeDays(ordinal, [{ date: TODAY, bits: free(1) }]);
      if (!written) await bitmap.writeRow({ ...fullWindow(ordinal), days: fullWindow(ordinal).days.with(0, free(1)) });
    };
    await Promise.all([bitmap.fill(ordinals.map((ordinal) => fullWindow(ordinal))), ...booked.map(book)]);
    const expected = ordinals.map((ordinal) => fullWindow(ordinal).days.with(0, ordinal % 10 === 0 ? free(1) : free()));
    expect(await bitmap.readMany(ordinals, TODAY, DAYS)).toEqual(expected);
  });

  it('does not read ahead of what it has written by more than a few blocks', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    const [total, rowsPerBlock] = [40_000, 761];
    let furthest = 0;
    async function* windows() {
      for (let ordinal = 0; ordinal < total; ordinal += 1) {
        yield aWindow(ordinal);
        if (ordinal % 1_000 !== 0) continue;
        const blocks = await blockKeys(redis);
        furthest = Math.max(furthest, ordinal - blocks.length * rowsPerBlock);
      }
    }
    await bitmap.fill(windows());
    expect(furthest).toBeLessThan(20 * rowsPerBlock);
    expect(await blockKeys(redis)).toHaveLength(Math.ceil(total / rowsPerBlock));
  });

  it('fails with its source, having written what came before', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    function* windows() {
      for (let ordinal = 0; ordinal < 16 * 761 + 1; ordinal += 1) yield aWindow(ordinal);
      throw new Error('the source broke');
    }
    await expect(bitmap.fill(windows())).rejects.toThrow('the source broke');
    expect(await blockKeys(redis)).toHaveLength(16);
  });
});
