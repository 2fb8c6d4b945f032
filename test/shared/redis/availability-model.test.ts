import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { dayBits, type DayBits, firstFreeRun, isFreeRun } from '../../../shared/domain/day-bits.ts';
import type { Grid } from '../../../shared/domain/grid.ts';
import { type AvailabilityBitmap, createAvailabilityBitmap } from '../../../shared/redis/availability-bitmap.ts';
import { connectRedis } from '../../../shared/redis/client.ts';
import { hasFreeSlot } from '../../support/day-bits.ts';
import { createRedisDatabase } from '../../support/services/redis-database.ts';
import { TODAY } from './bitmap-samples.ts';

/** What the bitmap has to know: of each practitioner the start of their window, as a day since the test's first, and its bits. */
type Model = Map<number, { start: number; days: DayBits[] }>;

type World = { readonly model: Model; today: number; readonly bitmap: AvailabilityBitmap; readonly size: Size };
type Size = { readonly grid: Grid; readonly days: number };
type Step = { readonly name: string; run(world: World): Promise<void> };

const DAY_MS = 86_400_000;
/** Of three blocks, whatever the size of a row. */
const ordinals = [0, 1, 2, 60, 61, 30_000, 30_001];

let redis: Redis;

beforeAll(async () => {
  redis = await connectRedis(await createRedisDatabase(), { timeoutMs: 10_000 });
});
afterAll(() => redis.disconnect());

const anOrdinal = fc.constantFrom(...ordinals);
const sizes: fc.Arbitrary<Size> = fc.record({
  grid: fc.constantFrom(
    { firstSlotMinute: 480, slotMinutes: 30, slotsPerDay: 24 },
    { firstSlotMinute: 0, slotMinutes: 15, slotsPerDay: 96 },
    { firstSlotMinute: 480, slotMinutes: 60, slotsPerDay: 5 },
  ),
  days: fc.constantFrom(1, 3, 14, 90, 125),
});

function dayOf(days: number): Temporal.PlainDate {
  return TODAY.add({ days });
}

/** Bits made from a seed: mostly full days, so that runs and full windows are met, too. */
function bitsFrom({ grid }: Size, seed: number): DayBits {
  const slots = Array.from({ length: grid.slotsPerDay }, (_, slot) => slot);
  return dayBits(
    grid,
    slots.filter((slot) => seed % 3 === 0 && (seed >> (slot % 16)) % 2 === 1),
  );
}

function windowFrom(size: Size, seed: number): DayBits[] {
  return Array.from({ length: size.days }, (_, day) => bitsFrom(size, seed + day));
}

const writeRow = fc
  .tuple(anOrdinal, fc.integer({ min: 0, max: 130 }), fc.nat(0xffff))
  .map(([ordinal, age, seed]): Step => ({
    name: `writeRow ${ordinal}`,
    async run({ model, today, bitmap, size }) {
      const start = today + 1 - (age % (size.days + 2));
      const days = windowFrom(size, seed);
      await bitmap.writeRow({ ordinal, start: dayOf(start), days });
      model.set(ordinal, { start, days });
    },
  }));

const writeDays = fc
  .tuple(anOrdinal, fc.array(fc.tuple(fc.nat(126), fc.nat(0xffff)), { minLength: 1, maxLength: 4 }))
  .map(([ordinal, written]): Step => ({
    name: `writeDays ${ordinal}`,
    async run({ model, today, bitmap, size }) {
      const dated = written.map(([ahead, seed]) => ({
        day: today + (ahead % (size.days + 1)),
        bits: bitsFrom(size, seed),
      }));
      const row = model.get(ordinal);
      const fits = row !== undefined && dated.every(({ day }) => day >= row.start && day < row.start + size.days);
      const answer = await bitmap.writeDays(
        ordinal,
        dated.map(({ day, bits }) => ({ date: dayOf(day), bits })),
      );
      expect(answer).toBe(fits);
      if (fits) for (const { day, bits } of dated) row.days[day - row.start] = bits;
    },
  }));

const fill = fc.array(fc.tuple(anOrdinal, fc.nat(0xffff)), { maxLength: 8 }).map((rows): Step => ({
  name: 'fill',
  async run({ model, today, bitmap, size }) {
    const windows = rows.map(([ordinal, seed]) => ({ ordinal, days: windowFrom(size, seed) }));
    await bitmap.fill(windows.map((window) => ({ ...window, start: dayOf(today) })));
    for (const { ordinal, days } of windows) {
      const known = model.get(ordinal);
      const kept = days.map((bits, day) => known?.days[today + day - known.start] ?? bits);
      if (known === undefined || known.start <= today) model.set(ordinal, { start: today, days: kept });
    }
  },
}));

const forget = anOrdinal.map((ordinal): Step => ({
  name: `forget ${ordinal}`,
  async run({ model, bitmap }) {
    await bitmap.forget(ordinal);
    model.delete(ordinal);
  },
}));

const flush: Step = {
  name: 'flush',
  async run({ model }) {
    await redis.flushdb();
    model.clear();
  },
};

/** Redis forgets in its own time, so that is moved on with the days. */
const passDays = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 200 })).map((days): Step => ({
  name: `${days} days pass`,
  async run(world) {
    world.today += days;
    for (const key of await redis.keys('*')) {
      const leftMs = (await redis.pttl(key)) - days * DAY_MS;
      await (leftMs > 0 ? redis.pexpire(key, leftMs) : redis.del(key));
    }
  },
}));

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: writeRow },
    { weight: 6, arbitrary: writeDays },
    { weight: 3, arbitrary: fill },
    { weight: 1, arbitrary: forget },
    { weight: 1, arbitrary: fc.constant(flush) },
    { weight: 3, arbitrary: passDays },
  ),
  { minLength: 1, maxLength: 30 },
);

type Question = { readonly from: number; readonly days: number; readonly slots: number };

const questions: fc.Arbitrary<Question> = fc.record({
  // Days that are over may be known or not.
  from: fc.nat(130),
  days: fc.integer({ min: 1, max: 130 }),
  slots: fc.integer({ min: 1, max: 5 }),
});

function knownDays({ model, size }: World, ordinal: number, from: number, days: number): (DayBits | undefined)[] {
  const row = model.get(ordinal);
  return Array.from({ length: days }, (_, index) => {
    const ahead = row === undefined ? -1 : from + index - row.start;
    return ahead >= 0 && ahead < size.days ? row?.days[ahead] : undefined;
  });
}

function firstFreeOf(known: (DayBits | undefined)[], from: number, slots: number) {
  if (known[0] === undefined) return 'unknown';
  for (const [index, bits] of known.entries()) {
    const slot = bits && firstFreeRun(bits, slots);
    if (slot !== undefined) return { date: dayOf(from + index), slot };
  }
  return 'none';
}

async function answerAsTheModel(world: World, question: Question): Promise<void> {
  const { bitmap, size, today } = world;
  const { days, slots } = question;
  const from = today + question.from;
  const known = ordinals.map((ordinal) => knownDays(world, ordinal, from, days));
  expect(await bitmap.readMany(ordinals, dayOf(from), days)).toEqual(known);
  const free = ordinals.filter((_, index) => known[index]?.some((bits) => bits && hasFreeSlot(bits)));
  const unknown = ordinals.filter((ordinal, index) => !free.includes(ordinal) && known[index]?.includes(undefined));
  const found = await bitmap.withFreeSlot(ordinals, dayOf(from), days);
  expect({ free: new Set(found.free), unknown: new Set(found.unknown) }).toEqual({
    free: new Set(free),
    unknown: new Set(unknown),
  });
  await Promise.all(
    ordinals.map(async (ordinal) => {
      const window = knownDays(world, ordinal, from, size.days);
      expect(await bitmap.read(ordinal, dayOf(from), size.days)).toEqual(window);
      expect(await bitmap.firstFree(ordinal, dayOf(from), slots)).toEqual(firstFreeOf(window, from, slots));
      const state = window[0] === undefined ? 'unknown' : isFreeRun(window[0], slots, slots) ? 'free' : 'busy';
      expect(await bitmap.preCheck(ordinal, dayOf(from), slots, slots)).toBe(state);
    }),
  );
}

describe('the bitmap', () => {
  it('knows what a plain map knows, through windows, days, losses and gaps', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        sizes,
        steps,
        fc.array(questions, { minLength: 30, maxLength: 30 }),
        async (size, steps, asked) => {
          await redis.flushdb();
          const world: World = { model: new Map(), today: 0, size, bitmap: openBitmap(size, () => world.today) };
          for (const [index, step] of steps.entries()) {
            await step.run(world);
            await answerAsTheModel(world, asked[index] ?? { from: 0, days: 7, slots: 1 });
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

function openBitmap({ grid, days }: Size, today: () => number): AvailabilityBitmap {
  const noonMs = () => dayOf(today()).toZonedDateTime('UTC').epochMilliseconds + DAY_MS / 2;
  return createAvailabilityBitmap(redis, { country: 'fr', grid, days, nowMs: noonMs });
}
