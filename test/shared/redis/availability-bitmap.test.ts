import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Redis } from 'ioredis';

import { dayBits, type DayBits } from '../../../shared/domain/day-bits.ts';
import { defaultGrid } from '../../../shared/domain/grid.ts';
import { createAvailabilityBitmap, type BitmapOptions } from '../../../shared/redis/availability-bitmap.ts';
import { connectRedis } from '../../../shared/redis/client.ts';
import { createRedisDatabase } from '../../support/services/redis-database.ts';

const TODAY = Temporal.PlainDate.from('2026-03-10');
const DAYS = 14;
let redis: Redis;

beforeAll(async () => {
  redis = await connectRedis(await createRedisDatabase(), { timeoutMs: 10_000 });
});
beforeEach(() => redis.flushdb());
afterAll(() => redis.disconnect());

function bitmapOn(today: Temporal.PlainDate, options: Partial<BitmapOptions> = {}) {
  const nowMs = () => today.toZonedDateTime('UTC').add({ hours: 12 }).epochMilliseconds;
  return createAvailabilityBitmap(redis, { country: 'fr', grid: defaultGrid, days: DAYS, nowMs, ...options });
}

function free(...slots: number[]): DayBits {
  return dayBits(defaultGrid, slots);
}

/** A window whose day n has slot n free. */
function staircase(ordinal: number, start = TODAY, days = DAYS) {
  return { ordinal, start, days: Array.from({ length: days }, (_, day) => free(day)) };
}

function after(days: number): Temporal.PlainDate {
  return TODAY.add({ days });
}

describe('reading', () => {
  it('gives back what was written', async () => {
    const bitmap = bitmapOn(TODAY);
    await bitmap.writeRow(staircase(7));
    expect(await bitmap.read(7, TODAY, DAYS)).toEqual(staircase(7).days);
    expect(await bitmap.read(7, after(3), 2)).toEqual([free(3), free(4)]);
  });

  it('knows nothing of a practitioner who was never written, beside one who was', async () => {
    const bitmap = bitmapOn(TODAY);
    await bitmap.writeRow(staircase(7));
    expect(await bitmap.readMany([6, 7, 8, 5_000_000], TODAY, 2)).toEqual([
      [undefined, undefined],
      [free(0), free(1)],
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });

  it('knows nothing of days before and after the window, however far', async () => {
    const bitmap = bitmapOn(TODAY);
    await bitmap.writeRow(staircase(7));
    expect(await bitmap.read(7, after(-1), 2)).toEqual([undefined, free(0)]);
    expect(await bitmap.read(7, after(DAYS - 1), 2)).toEqual([free(13), undefined]);
    for (let days = -800; days <= 800; days += 1) {
      if (days < 0 || days >= DAYS) expect(await bitmap.read(7, after(days), 1)).toEqual([undefined]);
    }
  });
});
