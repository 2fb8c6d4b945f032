import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { defaultGrid } from '../../../shared/domain/grid.ts';
import type { AvailabilityBitmap } from '../../../shared/redis/availability-bitmap.ts';
import { createChanges } from '../../../shared/redis/availability-changes.ts';
import { createLayout } from '../../../shared/redis/availability-layout.ts';
import { createPlaces } from '../../../shared/redis/availability-places.ts';
import { epochDay } from '../../../shared/redis/availability-row.ts';
import { createAvailabilityRows } from '../../../shared/redis/availability-rows.ts';
import { createAvailabilitySearch } from '../../../shared/redis/availability-search.ts';
import { connectRedis } from '../../../shared/redis/client.ts';
import { createRedisDatabase } from '../../support/services/redis-database.ts';
import { after, aWindow, bitmapOn, blockKeys, DAYS, free, fullWindow, TODAY } from './bitmap-samples.ts';

let url: string;
let redis: Redis;
/** Two processes at the same Redis: one that asks, and one that writes. */
let bitmap: AvailabilityBitmap;
let writer: AvailabilityBitmap;

beforeAll(async () => {
  url = await createRedisDatabase();
  redis = await connectRedis(url, { timeoutMs: 10_000 });
});
beforeEach(async () => {
  await redis.flushdb();
  bitmap = bitmapOn(redis, TODAY);
  writer = bitmapOn(redis, TODAY);
});
afterAll(() => redis.disconnect());

async function ask(ordinals: number[], from = TODAY, days = 7) {
  const { free, unknown } = await bitmap.withFreeSlot(ordinals, from, days);
  return { free: free.toSorted(byNumber), unknown: unknown.toSorted(byNumber) };
}

const week = { from: epochDay(TODAY), days: 7, latest: epochDay(after(1)) };

/** What a search is made of, to be put together in another way. */
function parts() {
  const layout = createLayout({ country: 'fr', grid: defaultGrid, days: DAYS });
  return {
    layout,
    rows: createAvailabilityRows(redis, layout, createPlaces(layout)),
    changes: createChanges(redis, layout),
  };
}

function byNumber(one: number, other: number): number {
  return one - other;
}

describe('a search', () => {
  it('tells who has a free slot in the days, and of whom it cannot be said', async () => {
    await writer.fill([
      aWindow(0),
      fullWindow(1),
      { ...fullWindow(2), days: fullWindow(2).days.with(6, free(3)) },
      { ...fullWindow(3), days: fullWindow(3).days.with(7, free(3)) },
      fullWindow(5, after(1)),
    ]);
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await ask([5, 4, 3, 2, 1, 0])).toEqual({ free: [0, 2], unknown: [4, 5] });
      expect(await ask([5, 4, 3, 2, 1, 0], after(7))).toEqual({ free: [0, 3], unknown: [4] });
      expect(await ask([0, 1, 2, 3], after(DAYS - 2))).toEqual({ free: [0], unknown: [1, 2, 3] });
      expect(await ask([0, 1], after(DAYS))).toEqual({ free: [], unknown: [0, 1] });
      expect(await ask([0, 1], after(-300))).toEqual({ free: [], unknown: [0, 1] });
    }
  });

  it('asks for what changed and for rows it has not read, and for nothing else', async () => {
    const asked: (string | number[])[] = [];
    const { rows, changes, layout } = parts();
    const search = createAvailabilitySearch(
      layout,
      {
        ...rows,
        many: (ordinals) => {
          if (ordinals.length > 0) asked.push([...ordinals]);
          return rows.many(ordinals);
        },
      },
      {
        newest: () => (asked.push('newest'), changes.newest()),
        since: (position) => (asked.push('since'), changes.since(position)),
      },
    );
    const askedFor = async (ordinals: number[]) => {
      await search(ordinals, week);
      return asked.splice(0);
    };
    await writer.fill([aWindow(0), aWindow(1), fullWindow(2)]);
    expect(await askedFor([0, 1])).toEqual(['newest', [0, 1]]);
    expect(await askedFor([0, 1])).toEqual(['since']);
    expect(await askedFor([0, 1, 2])).toEqual(['since', [2]]);
    await writer.writeDays(5, [{ date: TODAY, bits: free() }]);
    await writer.writeRow(aWindow(9));
    expect(await askedFor([0, 1, 2])).toEqual(['since']);
    await writer.writeRow(fullWindow(1));
    expect(await askedFor([0, 1, 2])).toEqual(['since', [1]]);
    expect(await askedFor([0, 1, 2])).toEqual(['since']);
    await redis.flushdb();
    expect(await askedFor([0, 1, 2])).toEqual(['since', 'newest', [0, 1, 2]]);
  });

  it('sees each kind of write that another process made', async () => {
    await writer.fill([aWindow(0), aWindow(1)]);
    expect(await ask([0, 1, 2])).toEqual({ free: [0, 1], unknown: [2] });
    await writer.writeRow(fullWindow(0));
    expect(await ask([0, 1, 2])).toEqual({ free: [1], unknown: [2] });
    await writer.writeDays(0, [{ date: after(2), bits: free(4) }]);
    expect(await ask([0, 1, 2])).toEqual({ free: [0, 1], unknown: [2] });
    await writer.forget(1);
    expect(await ask([0, 1, 2])).toEqual({ free: [0], unknown: [1, 2] });
    await writer.fill([aWindow(1), aWindow(2)]);
    expect(await ask([0, 1, 2])).toEqual({ free: [0, 1, 2], unknown: [] });
  });

  it('catches up with more changes than it follows one by one', async () => {
    const ordinals = Array.from({ length: 1_000 }, (_, ordinal) => ordinal);
    await writer.fill(ordinals.map((ordinal) => aWindow(ordinal)));
    expect(await ask(ordinals)).toEqual({ free: ordinals, unknown: [] });
    for (const count of [254, 255, 256, 257, 900]) {
      await Promise.all(ordinals.slice(0, count).map((ordinal) => writer.writeRow(fullWindow(ordinal))));
      expect(await ask(ordinals)).toEqual({ free: ordinals.slice(count), unknown: [] });
      await Promise.all(ordinals.slice(0, count).map((ordinal) => writer.writeRow(aWindow(ordinal))));
    }
  });

  it('believes nothing it has read before Redis lost all', async () => {
    await writer.fill([aWindow(0), fullWindow(1)]);
    expect(await ask([0, 1])).toEqual({ free: [0], unknown: [] });
    await redis.flushdb();
    expect(await ask([0, 1])).toEqual({ free: [], unknown: [0, 1] });
    await writer.writeRow(aWindow(1));
    expect(await ask([0, 1])).toEqual({ free: [1], unknown: [0] });
    await redis.flushdb();
    await writer.writeRow(aWindow(2));
    expect(await ask([0, 1, 2])).toEqual({ free: [2], unknown: [0, 1] });
  });

  it('starts afresh where the changes alone were lost', async () => {
    await writer.fill([aWindow(0), aWindow(1)]);
    expect(await ask([0, 1])).toEqual({ free: [0, 1], unknown: [] });
    await writer.writeRow(fullWindow(0));
    await redis.del((await redis.keys('*:changes'))[0] ?? '');
    expect(await ask([0, 1])).toEqual({ free: [1], unknown: [] });
    await writer.writeRow(fullWindow(1));
    expect(await ask([0, 1])).toEqual({ free: [], unknown: [] });
    expect(await blockKeys(redis)).toHaveLength(1);
  });

  it('keeps nothing that was read before what another search has since seen change', async () => {
    const { layout, rows, changes } = parts();
    const gates = new Map<number, Promise<void>>();
    const many = async (ordinals: readonly number[]) => {
      const found = await rows.many(ordinals);
      await gates.get(ordinals[0] ?? -1);
      return found;
    };
    const search = createAvailabilitySearch(layout, { ...rows, many }, changes);
    const holdBack = (ordinal: number) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gates.set(ordinal, promise);
      return () => (gates.delete(ordinal), resolve());
    };
    await writer.fill([aWindow(0), aWindow(1), aWindow(2)]);
    await search([0], week);

    const releaseEarly = holdBack(1);
    const early = search([1], week);
    await rows.many([1]);
    await writer.writeRow(fullWindow(1));
    await search([0], week);
    const releaseLate = holdBack(2);
    const late = search([2], week);
    await rows.many([2]);
    releaseEarly();
    await early;
    releaseLate();
    await late;

    expect(await search([0, 1, 2], week)).toMatchObject({ free: [0, 2], unknown: [] });
  });

  it('sees what was written before it was asked, however many ask and write at once', async () => {
    const others = await connectRedis(url, { timeoutMs: 10_000 });
    const elsewhere = bitmapOn(others, TODAY);
    const ordinals = Array.from({ length: 60 }, (_, ordinal) => ordinal);
    await writer.fill(ordinals.map((ordinal) => fullWindow(ordinal)));
    const wrong: number[] = [];
    const lane = async (lane: number) => {
      for (let turn = 0; turn < 150; turn += 1) {
        // Each lane writes practitioners of its own, so it knows what they have to be.
        const own = (turn % 10) * 6 + lane;
        const isFree = turn % 3 !== 0;
        const bits = isFree ? free(turn % 24) : free();
        await (turn % 2 === 0 ? elsewhere : writer).writeDays(own, [{ date: after(2), bits }]);
        const { free: found } = await bitmap.withFreeSlot(ordinals, TODAY, 7);
        if (found.includes(own) !== isFree) wrong.push(own);
      }
    };
    await Promise.all(Array.from({ length: 6 }, (_, index) => lane(index)));
    others.disconnect();
    expect(wrong).toEqual([]);
  });
});
