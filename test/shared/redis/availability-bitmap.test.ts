import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { dayBits } from '../../../shared/domain/day-bits.ts';
import { defaultGrid } from '../../../shared/domain/grid.ts';
import { connectRedis } from '../../../shared/redis/client.ts';
import { createRedisDatabase } from '../../support/services/redis-database.ts';
import { after, aWindow, bitmapOn, blockKeys, DAYS, free, fullWindow, TODAY } from './bitmap-samples.ts';

const nothing = Array.from({ length: DAYS }, () => undefined);
let url: string;
let redis: Redis;

beforeAll(async () => {
  url = await createRedisDatabase();
  redis = await connectRedis(url, { timeoutMs: 10_000 });
});
beforeEach(() => redis.flushdb());
afterAll(() => redis.disconnect());

describe('reading', () => {
  it('gives back what was written', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    await bitmap.writeRow(aWindow(7));
    expect(await bitmap.read(7, TODAY, DAYS)).toEqual(aWindow(7).days);
    expect(await bitmap.read(7, after(3), 2)).toEqual(aWindow(7).days.slice(3, 5));
  });

  it('knows nothing of a practitioner who was never written, beside one who was', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    await bitmap.writeRow(fullWindow(7));
    expect(await bitmap.readMany([6, 7, 8, 5_000_000], TODAY, 2)).toEqual([
      [undefined, undefined],
      [free(), free()],
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });

  it('knows nothing of days before and after the window, however far', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    await bitmap.writeRow(aWindow(7));
    expect(await bitmap.read(7, after(-1), 2)).toEqual([undefined, aWindow(7).days[0]]);
    expect(await bitmap.read(7, after(DAYS - 1), 2)).toEqual([aWindow(7).days[DAYS - 1], undefined]);
    const far = Array.from({ length: 1_600 }, (_, index) => index - 800).filter((days) => days < 0 || days >= DAYS);
    const read = await Promise.all(far.map((days) => bitmap.read(7, after(days), 1)));
    expect(read.flat()).toEqual(far.map(() => undefined));
  });

  it('gives answers that later reads leave alone', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    await bitmap.writeRow(aWindow(1));
    await bitmap.writeRow(fullWindow(2));
    const first = await bitmap.read(1, TODAY, DAYS);
    await Promise.all(Array.from({ length: 500 }, () => bitmap.read(2, TODAY, DAYS)));
    expect(first).toEqual(aWindow(1).days);
  });

  it('answers as many as are asked at once, each with their own', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    const ordinals = Array.from({ length: 300 }, (_, index) => index * 11);
    await bitmap.fill(ordinals.map((ordinal) => aWindow(ordinal, after(-(ordinal % 5)))));
    const expected = ordinals.map((ordinal) => aWindow(ordinal, TODAY).days.slice(0, 5));
    expect(await Promise.all(ordinals.map((ordinal) => bitmap.read(ordinal, TODAY, 5)))).toEqual(expected);
    expect(await bitmap.readMany(ordinals, TODAY, 5)).toEqual(expected);
  });

  it('of nobody is nothing', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    expect(await bitmap.readMany([], TODAY, 5)).toEqual([]);
    expect(await bitmap.withFreeSlot([], TODAY, 5)).toEqual({ free: [], unknown: [] });
  });
});

describe('a row', () => {
  it('stands alone at either end of a block', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    await bitmap.writeRow(aWindow(0));
    const [block = ''] = await blockKeys(redis);
    const rowsPerBlock = Math.floor((await redis.strlen(block)) / 43);
    await bitmap.writeRow(aWindow(rowsPerBlock - 1));
    expect(await blockKeys(redis)).toHaveLength(1);
    await bitmap.writeRow(aWindow(rowsPerBlock));
    expect(await blockKeys(redis)).toHaveLength(2);
    expect(await bitmap.readMany([0, rowsPerBlock - 1, rowsPerBlock], TODAY, DAYS)).toEqual(
      [0, 0, 0].map(() => aWindow(0).days),
    );
    expect(await bitmap.readMany([1, rowsPerBlock - 2, rowsPerBlock + 1], TODAY, 1)).toEqual(
      [0, 0, 0].map(() => [undefined]),
    );
  });

  it.each([
    { firstSlotMinute: 0, slotMinutes: 15, slotsPerDay: 96 },
    { firstSlotMinute: 600, slotMinutes: 20, slotsPerDay: 20 },
    { firstSlotMinute: 600, slotMinutes: 60, slotsPerDay: 1 },
  ])('has days of whole bytes on a grid of %o', async (grid) => {
    const bitmap = bitmapOn(redis, TODAY, { grid, days: 90 });
    const days = Array.from({ length: 90 }, (_, day) => dayBits(grid, [day % grid.slotsPerDay]));
    await bitmap.writeRow({ ordinal: 3, start: TODAY, days });
    expect(await bitmap.read(3, TODAY, 90)).toEqual(days);
    const last = grid.slotsPerDay - 1;
    await bitmap.writeDays(3, [{ date: after(41), bits: dayBits(grid, [last]) }]);
    expect(await bitmap.read(3, TODAY, 90)).toEqual(days.with(41, dayBits(grid, [last])));
    expect(await bitmap.preCheck(3, after(41), last, 1)).toBe('free');
    expect(await bitmap.preCheck(3, after(41), last, 2)).toBe('busy');
  });

  it.each([1, 125])('can have a window of %i days', async (days) => {
    const bitmap = bitmapOn(redis, TODAY, { days });
    await bitmap.writeRow(aWindow(3, TODAY, days));
    expect(await bitmap.read(3, TODAY, days)).toEqual(aWindow(3, TODAY, days).days);
  });

  it('is of one country, grid and length of window, and unknown to another', async () => {
    await bitmapOn(redis, TODAY).writeRow(aWindow(7));
    for (const other of [
      bitmapOn(redis, TODAY, { country: 'de' }),
      bitmapOn(redis, TODAY, { days: DAYS + 1 }),
      bitmapOn(redis, TODAY, { grid: { ...defaultGrid, firstSlotMinute: 450 } }),
    ])
      expect(await other.read(7, TODAY, 1)).toEqual([undefined]);
  });

  it('takes as much memory as its bits, and its block no more than its class of the allocator', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    await bitmap.writeRow(aWindow(760));
    const [block = ''] = await blockKeys(redis);
    const length = await redis.strlen(block);
    await bitmap.fill(Array.from({ length: 761 }, (_, ordinal) => aWindow(ordinal)));
    expect(await blockKeys(redis)).toHaveLength(1);
    expect(await redis.strlen(block)).toBe(length);
    expect(Number(await redis.memory('USAGE', block))).toBeLessThan(32_768 + 256);
  });
});

describe('writing days', () => {
  it('changes these days and no others', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    await bitmap.fill([aWindow(6), aWindow(7), aWindow(8)]);
    const written = await bitmap.writeDays(7, [
      { date: TODAY, bits: free(5) },
      { date: after(DAYS - 1), bits: free(6) },
    ]);
    expect(written).toBe(true);
    expect(await bitmap.readMany([6, 7, 8], TODAY, DAYS)).toEqual([
      aWindow(6).days,
      aWindow(7)
        .days.with(0, free(5))
        .with(DAYS - 1, free(6)),
      aWindow(8).days,
    ]);
  });

  it('does nothing, and says so, where the practitioner is unknown', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    expect(await bitmap.writeDays(7, [{ date: TODAY, bits: free(5) }])).toBe(false);
    expect(await blockKeys(redis)).toEqual([]);
    await bitmap.writeRow(aWindow(8));
    expect(await bitmap.writeDays(7, [{ date: TODAY, bits: free(5) }])).toBe(false);
    expect(await bitmap.read(7, TODAY, DAYS)).toEqual(nothing);
  });

  it.each([-1, DAYS])('writes none of them where one is outside the window (day %i)', async (day) => {
    const bitmap = bitmapOn(redis, TODAY);
    await bitmap.writeRow(aWindow(7));
    const days = [TODAY, after(day)].map((date) => ({ date, bits: free(1, 2, 3) }));
    expect(await bitmap.writeDays(7, days)).toBe(false);
    expect(await bitmap.read(7, TODAY, DAYS)).toEqual(aWindow(7).days);
  });

  it('loses none of those written at once, in one row and in one new block', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    const ordinals = Array.from({ length: 100 }, (_, ordinal) => ordinal);
    await Promise.all(ordinals.map((ordinal) => bitmap.writeRow(fullWindow(ordinal))));
    const others = await connectRedis(url, { timeoutMs: 10_000 });
    const other = bitmapOn(others, TODAY);
    await Promise.all(
      ordinals.flatMap((ordinal) =>
        aWindow(ordinal).days.map((bits, day) =>
          (day % 2 === 0 ? bitmap : other).writeDays(ordinal, [{ date: after(day), bits }]),
        ),
      ),
    );
    others.disconnect();
    expect(await bitmap.readMany(ordinals, TODAY, DAYS)).toEqual(ordinals.map((ordinal) => aWindow(ordinal).days));
  });

  it('is never seen half done', async () => {
    const grid = { firstSlotMinute: 0, slotMinutes: 15, slotsPerDay: 96 };
    const all = dayBits(
      grid,
      Array.from({ length: 96 }, (_, slot) => slot),
    );
    const states = [dayBits(grid, []), all];
    const bitmap = bitmapOn(redis, TODAY, { grid });
    await bitmap.writeRow({ ordinal: 0, start: TODAY, days: Array.from({ length: DAYS }, () => all) });
    const others = await connectRedis(url, { timeoutMs: 10_000 });
    let writing = true;
    const seen = new Set<string>();
    const reader = (async () => {
      while (writing) seen.add((await bitmap.read(0, TODAY, DAYS)).map((bits) => bits?.join()).join());
    })();
    const writer = bitmapOn(others, TODAY, { grid });
    for (let turn = 0; turn < 500; turn += 1) {
      const days = Array.from({ length: DAYS }, (_, day) => ({ date: after(day), bits: states[turn % 2] ?? all }));
      await writer.writeDays(0, days);
    }
    writing = false;
    await reader;
    others.disconnect();
    const whole = new Set(states.map((bits) => Array.from({ length: DAYS }, () => bits.join()).join()));
    expect([...seen].filter((state) => !whole.has(state))).toEqual([]);
  });
});

describe('time', () => {
  it('makes days that are over unknown, and the next window holds one day more', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    await bitmap.writeRow(aWindow(7));
    const tomorrow = bitmapOn(redis, after(1));
    expect(await tomorrow.read(7, after(1), DAYS)).toEqual([...aWindow(7).days.slice(1), undefined]);
    await tomorrow.writeRow(aWindow(7, after(1)));
    expect(await tomorrow.read(7, TODAY, DAYS + 2)).toEqual([undefined, ...aWindow(7, after(1)).days, undefined]);
  });

  it('leaves who is unknown unknown, whatever the day', async () => {
    for (let day = 0; day < 255; day += 1) {
      const bitmap = bitmapOn(redis, after(day));
      await bitmap.writeRow(aWindow(7, after(day)));
      expect(await bitmap.writeDays(8, [{ date: after(day), bits: free() }])).toBe(false);
      expect(await bitmap.readMany([7, 8], after(day), DAYS)).toEqual([aWindow(7, after(day)).days, nothing]);
    }
  });

  it('keeps rows whose windows start on different days side by side', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    await bitmap.writeRow(aWindow(1, after(1)));
    await bitmap.writeRow(aWindow(2));
    await bitmap.writeRow(aWindow(3, after(-DAYS + 1)));
    expect(await bitmap.readMany([1, 2, 3], TODAY, 2)).toEqual([
      [undefined, aWindow(1, after(1)).days[0]],
      aWindow(2).days.slice(0, 2),
      [aWindow(3, TODAY).days[0], undefined],
    ]);
  });

  it.each([14, 90, 125])(
    'never takes a row of %i days that nobody renewed for another day, in two years',
    async (days) => {
      await bitmapOn(redis, TODAY, { days }).writeRow(aWindow(7, TODAY, days));
      for (let day = 0; day <= 730; day += 9) {
        const bitmap = bitmapOn(redis, after(day), { days });
        await bitmap.writeRow(aWindow(8, after(day), days));
        const known = await bitmap.read(7, TODAY, days + 730);
        const stillThere = known.filter((bits) => bits !== undefined);
        expect(stillThere).toEqual(day <= days + 2 ? known.slice(0, days) : []);
      }
    },
  );

  it('lets a block go when the newest of its windows has ended everywhere', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    const hoursLeft = async () => Math.round((await redis.ttl((await blockKeys(redis))[0] ?? '')) / 3_600);
    await bitmap.writeRow(aWindow(7, after(-3)));
    expect(await hoursLeft()).toBe((DAYS - 3) * 24 + 12);
    await bitmap.writeRow(aWindow(8));
    expect(await hoursLeft()).toBe(DAYS * 24 + 12);
    await bitmap.writeRow(aWindow(9, after(-1)));
    await bitmap.writeDays(9, [{ date: TODAY, bits: free() }]);
    expect(await hoursLeft()).toBe(DAYS * 24 + 12);
    await bitmap.fill([aWindow(10, after(1))]);
    expect(await hoursLeft()).toBe((DAYS + 1) * 24 + 12);
    expect(await redis.ttl((await redis.keys('*:changes'))[0] ?? '')).toBeGreaterThan(0);
  });

  it('starts a block anew when a clock was far off', async () => {
    await bitmapOn(redis, after(400)).writeRow(aWindow(1, after(400)));
    const bitmap = bitmapOn(redis, TODAY);
    await bitmap.writeRow(aWindow(2));
    expect(await bitmap.readMany([1, 2], TODAY, DAYS)).toEqual([nothing, aWindow(2).days]);
  });
});

describe('what is lost', () => {
  it('is unknown after a flush, until it is written', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    await bitmap.fill([fullWindow(1), aWindow(2)]);
    await redis.flushdb();
    expect(await bitmap.readMany([1, 2], TODAY, DAYS)).toEqual([nothing, nothing]);
    expect(await bitmap.preCheck(1, TODAY, 0, 1)).toBe('unknown');
    expect(await bitmap.firstFree(2, TODAY, 1)).toBe('unknown');
    expect(await bitmap.withFreeSlot([1, 2], TODAY, 7)).toEqual({ free: [], unknown: [1, 2] });
    await bitmap.writeRow(aWindow(2));
    expect(await bitmap.readMany([1, 2], TODAY, DAYS)).toEqual([nothing, aWindow(2).days]);
  });

  it('is unknown where one block was evicted', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    await bitmap.fill([aWindow(1), aWindow(100_000)]);
    const evicted = (await blockKeys(redis)).find((key) => key.endsWith(':0')) ?? '';
    await redis.del(evicted);
    expect(await bitmap.readMany([1, 100_000], TODAY, DAYS)).toEqual([nothing, aWindow(100_000).days]);
    expect(await bitmap.writeDays(1, [{ date: TODAY, bits: free() }])).toBe(false);
  });

  it('is one practitioner where one is forgotten', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    await bitmap.fill([aWindow(1), aWindow(2)]);
    await bitmap.forget(1);
    await bitmap.forget(100_000);
    expect(await blockKeys(redis)).toHaveLength(1);
    expect(await bitmap.readMany([1, 2], TODAY, DAYS)).toEqual([nothing, aWindow(2).days]);
    expect(await bitmap.writeDays(1, [{ date: TODAY, bits: free() }])).toBe(false);
  });

  it('comes back after the server forgot the scripts', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    await bitmap.writeRow(aWindow(1));
    await redis.script('FLUSH');
    await bitmap.writeRow(fullWindow(2));
    await redis.script('FLUSH');
    expect(await bitmap.readMany([1, 2], TODAY, 1)).toEqual([aWindow(1).days.slice(0, 1), [free()]]);
  });
});

describe('questions', () => {
  it('finds the first run of free slots of one day', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    const days = fullWindow(7)
      .days.with(2, free(5, 23))
      .with(3, free(0, 7, 8, 10, 11, 12));
    await bitmap.writeRow({ ordinal: 7, start: TODAY, days });
    expect(await bitmap.firstFree(7, TODAY, 1)).toEqual({ date: after(2), slot: 5 });
    expect(await bitmap.firstFree(7, TODAY, 2)).toEqual({ date: after(3), slot: 7 });
    expect(await bitmap.firstFree(7, after(3), 3)).toEqual({ date: after(3), slot: 10 });
    expect(await bitmap.firstFree(7, TODAY, 4)).toBe('none');
    expect(await bitmap.firstFree(7, after(4), 1)).toBe('none');
    expect(await bitmap.firstFree(7, after(DAYS), 1)).toBe('unknown');
    expect(await bitmap.firstFree(7, after(-1), 1)).toBe('unknown');
    expect(await bitmap.firstFree(8, TODAY, 1)).toBe('unknown');
  });

  it('tells before a booking whether its slots are free', async () => {
    const bitmap = bitmapOn(redis, TODAY);
    await bitmap.writeRow({ ...fullWindow(7), days: fullWindow(7).days.with(1, free(4, 5, 7)) });
    expect(await bitmap.preCheck(7, after(1), 4, 1)).toBe('free');
    expect(await bitmap.preCheck(7, after(1), 4, 2)).toBe('free');
    expect(await bitmap.preCheck(7, after(1), 4, 3)).toBe('busy');
    expect(await bitmap.preCheck(7, TODAY, 4, 1)).toBe('busy');
    expect(await bitmap.preCheck(7, after(DAYS), 4, 1)).toBe('unknown');
    expect(await bitmap.preCheck(8, after(1), 4, 1)).toBe('unknown');
  });

  it('knows nothing before a booking, and refuses other questions, while Redis is not there', async () => {
    const lost = await connectRedis(url);
    const bitmap = bitmapOn(lost, TODAY);
    lost.disconnect();
    const unavailable = { code: 'unavailable' };
    expect(await bitmap.preCheck(7, TODAY, 4, 1)).toBe('unknown');
    await expect(bitmap.read(7, TODAY, 1)).rejects.toMatchObject(unavailable);
    await expect(bitmap.readMany([7], TODAY, 1)).rejects.toMatchObject(unavailable);
    await expect(bitmap.withFreeSlot([7], TODAY, 1)).rejects.toMatchObject(unavailable);
    await expect(bitmap.writeRow(aWindow(7))).rejects.toMatchObject(unavailable);
    await expect(bitmap.fill([aWindow(7), aWindow(9)])).rejects.toMatchObject(unavailable);
  });
});

describe('what is wrong in the caller', () => {
  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('an ordinal of %d', async (ordinal) => {
    const bitmap = bitmapOn(redis, TODAY);
    await expect(bitmap.read(ordinal, TODAY, 1)).rejects.toThrow(RangeError);
    await expect(bitmap.readMany([ordinal], TODAY, 1)).rejects.toThrow(RangeError);
    await expect(bitmap.withFreeSlot([ordinal], TODAY, 1)).rejects.toThrow(RangeError);
    await expect(bitmap.preCheck(ordinal, TODAY, 0, 1)).rejects.toThrow(RangeError);
    await expect(bitmap.writeRow(aWindow(ordinal))).rejects.toThrow(RangeError);
    await expect(bitmap.writeDays(ordinal, [])).rejects.toThrow(RangeError);
    await expect(bitmap.fill([aWindow(ordinal)])).rejects.toThrow(RangeError);
  });

  it.each([
    ['too few days', { days: fullWindow(7).days.slice(1) }],
    ['too many days', { days: [...fullWindow(7).days, free()] }],
    ['a day of another grid', { days: fullWindow(7).days.with(3, new Uint8Array(4)) }],
    ['a start in the future', { start: after(2) }],
    ['an end in the past', { start: after(-DAYS - 1) }],
  ])('a window with %s', async (_, changes) => {
    const bitmap = bitmapOn(redis, TODAY);
    await expect(bitmap.writeRow({ ...fullWindow(7), ...changes })).rejects.toThrow(RangeError);
    await expect(bitmap.fill([{ ...fullWindow(7), ...changes }])).rejects.toThrow(RangeError);
    expect(await redis.dbsize()).toBe(0);
  });

  it('bits after the last slot of a day', async () => {
    const grid = { ...defaultGrid, slotsPerDay: 20 };
    const bitmap = bitmapOn(redis, TODAY, { grid, days: 1 });
    await bitmap.writeRow({ ordinal: 7, start: TODAY, days: [dayBits(grid, [])] });
    const bits = Uint8Array.of(0, 0, 1);
    await expect(bitmap.writeDays(7, [{ date: TODAY, bits }])).rejects.toThrow(RangeError);
    await expect(bitmap.writeRow({ ordinal: 7, start: TODAY, days: [bits] })).rejects.toThrow(RangeError);
  });

  it.each([0, 126, 1.5])('a window of %d days', (days) => {
    expect(() => bitmapOn(redis, TODAY, { days })).toThrow(RangeError);
  });

  it('a grid that cannot be', () => {
    expect(() => bitmapOn(redis, TODAY, { grid: { ...defaultGrid, slotsPerDay: 40 } })).toThrow(/midnight/);
  });
});
