import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Redis } from 'ioredis';

import { freePort } from '../../infra/local/services/free-port.ts';
import { startRedis } from '../../infra/local/services/redis.ts';
import { dayBits } from '../../shared/domain/day-bits.ts';
import { defaultGrid } from '../../shared/domain/grid.ts';
import { type AvailabilityBitmap, createAvailabilityBitmap } from '../../shared/redis/availability-bitmap.ts';
import { connectRedis } from '../../shared/redis/client.ts';
import { until } from '../support/until.ts';
import type { Area, Bench } from './bench.ts';
import { benchRebuild } from './bitmap-rebuild.ts';
import { latencyUs, ratePerSecond, seconds } from './measure.ts';

const PRACTITIONERS = 500_000;
const DAYS = 14;
const DAY_BYTES = defaultGrid.slotsPerDay / 8;
/** What the bits themselves take. */
const INFORMATION_BYTES = DAYS * DAY_BYTES;
const CANDIDATES = 500;
const SEARCHED_DAYS = 7;
const REBUILD_LIMIT_S = 60;

const today = Temporal.Now.plainDateISO('UTC');
const random = createRandom(20_260_310);

export const run: Area = async (bench) => {
  const dir = await mkdtemp(join(tmpdir(), 'careflow-bench-'));
  const server = await startRedis({ dir, port: await freePort(), logFile: join(dir, 'redis.log') });
  try {
    await measure(bench, server.url);
    await benchRebuild(bench, server.url, dir, {
      practitioners: PRACTITIONERS,
      days: DAYS,
      limitSeconds: REBUILD_LIMIT_S,
    });
  } finally {
    await server.stop();
    await rm(dir, { recursive: true });
  }
};

async function measure(bench: Bench, url: string): Promise<void> {
  const redis = await connect(url);
  const bitmap = newBitmap(redis);
  await benchWriting(bench, redis, bitmap);
  await redis.flushall();
  await bitmap.fill(windows(PRACTITIONERS));
  await benchReading(bench, redis, bitmap);
  redis.disconnect();
  await benchMemory(bench, url);
}

async function benchWriting(bench: Bench, redis: Redis, bitmap: AvailabilityBitmap): Promise<void> {
  await bench('bulk write of rows, against SETRANGE of each', {
    unit: 'rows/s',
    rounds: 3,
    ours: async () => {
      await redis.flushall();
      return PRACTITIONERS / (await seconds(() => bitmap.fill(windows(PRACTITIONERS))));
    },
    floor: async () => {
      await redis.flushall();
      return PRACTITIONERS / (await seconds(() => setRangeOfEach(redis, PRACTITIONERS)));
    },
    target: { atLeast: 1 },
  });
}

async function benchReading(bench: Bench, redis: Redis, bitmap: AvailabilityBitmap): Promise<void> {
  const read = () => bitmap.read(below(PRACTITIONERS), today, DAYS);
  const ping = () => redis.ping();
  const blocks = (await redis.keys('availability:*')).filter((key) => !key.endsWith(':changes'));
  const getRange = () => {
    const offset = below(20_000);
    return redis.getrangeBuffer(blocks[below(blocks.length)] ?? '', offset, offset + INFORMATION_BYTES);
  };
  for (const inFlight of [1, 32]) {
    const times = inFlight === 1 ? 6_000 : 60_000;
    const ours = () => ratePerSecond(read, { times, inFlight });
    const floors = { PING: ping, 'GETRANGE of 43 bytes anywhere': getRange };
    for (const [name, floor] of Object.entries<() => Promise<unknown>>(floors)) {
      await bench(`read of 14 days, ${inFlight} in flight, against ${name}`, {
        unit: 'reads/s',
        rounds: 9,
        ours,
        floor: () => ratePerSecond(floor, { times, inFlight }),
        target: { atLeast: 0.9 },
      });
    }
  }
  await benchSearching(bench, redis, bitmap);
}

async function benchSearching(bench: Bench, redis: Redis, bitmap: AvailabilityBitmap): Promise<void> {
  const searches = Array.from({ length: 100 }, () => Array.from({ length: CANDIDATES }, () => below(PRACTITIONERS)));
  const search = (turn: number) => bitmap.withFreeSlot(searches[turn % searches.length] ?? [], today, SEARCHED_DAYS);
  const ping = () => redis.ping();
  const floor = () => latencyUs(ping, 1_000);
  const name = `free slot in ${SEARCHED_DAYS} days of ${CANDIDATES} candidates`;

  await bench(`${name}, first time in a process, against PING`, {
    unit: 'us',
    rounds: 5,
    ours: () => latencyUs((turn) => newBitmap(redis).withFreeSlot(searches[turn] ?? [], today, SEARCHED_DAYS), 50),
    floor,
  });
  for (let from = 0; from < PRACTITIONERS; from += 5_000)
    await bitmap.withFreeSlot(ordinalsFrom(from, 5_000), today, SEARCHED_DAYS);
  await bench(`${name}, against PING`, {
    unit: 'us',
    rounds: 9,
    ours: () => latencyUs(search, 400),
    floor,
    target: { atMost: 3 },
  });
  await bench(`${name}, one changed before each, against PING`, {
    unit: 'us',
    rounds: 9,
    ours: () => latencyUs(search, 400, () => writeToday(bitmap, below(PRACTITIONERS))),
    floor: () => latencyUs(ping, 400, () => writeToday(bitmap, below(PRACTITIONERS))),
    target: { atMost: 3 },
  });
}

function newBitmap(redis: Redis): AvailabilityBitmap {
  return createAvailabilityBitmap(redis, { country: 'fr', grid: defaultGrid, days: DAYS });
}

async function writeToday(bitmap: AvailabilityBitmap, ordinal: number): Promise<void> {
  await bitmap.writeDays(ordinal, [{ date: today, bits: dayBits(defaultGrid, [below(defaultGrid.slotsPerDay)]) }]);
}

function ordinalsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

async function benchMemory(bench: Bench, url: string): Promise<void> {
  const grown = (practitioners: number) => async () => (await memoryOf(url, practitioners)) / practitioners;
  await bench('memory of 500,000 practitioners x 14 days x 24 slots, against the bits', {
    unit: 'bytes each',
    rounds: 1,
    ours: grown(PRACTITIONERS),
    floor: () => INFORMATION_BYTES,
    target: { atMost: 1.05 },
  });
  await bench('memory of one in 1,000,000, against one in 10,000', {
    unit: 'bytes each',
    rounds: 1,
    ours: grown(1_000_000),
    floor: grown(10_000),
    target: { atMost: 1.05 },
  });
}

/** What Redis holds more with so many practitioners than without, with no writer connected. */
async function memoryOf(url: string, practitioners: number): Promise<number> {
  const [before, after] = [await usedWith(url, 0), await usedWith(url, practitioners)];
  return after - before;
}

async function usedWith(url: string, practitioners: number): Promise<number> {
  const writer = await connect(url);
  const bitmap = newBitmap(writer);
  // The first script makes the interpreter grow: without practitioners it runs, too.
  await bitmap.fill(windows(1));
  await writer.flushall();
  await bitmap.fill(windows(practitioners));
  writer.disconnect();
  const reader = await connect(url);
  await until(async () => (await infoOf(reader, 'connected_clients')) === 1, { what: 'the writer to be gone' });
  const used = await infoOf(reader, 'used_memory');
  reader.disconnect();
  return used;
}

async function infoOf(redis: Redis, name: string): Promise<number> {
  const info = await redis.info();
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
}

async function setRangeOfEach(redis: Redis, rows: number): Promise<void> {
  const row = Buffer.alloc(1 + INFORMATION_BYTES, 0x55);
  const rowsPerBlock = 761;
  const batch = 1_000;
  for (let from = 0; from < rows; from += batch) {
    const pipeline = redis.pipeline();
    for (let ordinal = from; ordinal < from + batch; ordinal += 1)
      pipeline.setrange(`floor:${Math.floor(ordinal / rowsPerBlock)}`, (ordinal % rowsPerBlock) * row.length, row);
    await pipeline.exec();
  }
}

/** Windows of so many practitioners: few different ones, so that making them takes no time. */
function* windows(practitioners: number) {
  const samples = Array.from({ length: 997 }, () =>
    Array.from({ length: DAYS }, () => Uint8Array.from({ length: DAY_BYTES }, () => below(256))),
  );
  for (let ordinal = 0; ordinal < practitioners; ordinal += 1)
    yield { ordinal, start: today, days: samples[ordinal % samples.length] ?? [] };
}

async function connect(url: string): Promise<Redis> {
  return connectRedis(url, { timeoutMs: 30_000 });
}

function below(limit: number): number {
  return Math.floor(random() * limit);
}

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
