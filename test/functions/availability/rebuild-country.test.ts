import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { rebuildCountry, type RebuildOptions } from '../../../functions/availability/rebuild-country.ts';
import { connectDatabase, type Database } from '../../../shared/db/client.ts';
import { defaultGrid } from '../../../shared/domain/grid.ts';
import { AppError } from '../../../shared/errors.ts';
import type { AvailabilityBitmap } from '../../../shared/redis/availability-bitmap.ts';
import { createBitmaps } from '../../../shared/redis/availability-bitmaps.ts';
import { connectRedis } from '../../../shared/redis/client.ts';
import { freeSlotsOf } from '../../support/day-bits.ts';
import { addPractitioners } from '../../support/practitioners.ts';
import { bookingOf, MORNING, openWorld, type Practitioner, scheduleChanged, type World } from './world.ts';

const TODAY = Temporal.PlainDate.from('2030-01-07');
const TEN = '2030-01-07T09:00:00Z';
const now = Temporal.Instant.from(MORNING);

type Ground = {
  readonly world: World;
  readonly reader: Database;
  readonly redis: Redis;
  readonly bitmap: AvailabilityBitmap;
};

/** A world, and the command's connections to it: its own role, and more patience than a request has. */
async function openGround(): Promise<Ground> {
  const world = await openWorld();
  const redis = await connectRedis(world.urls.redis, { timeoutMs: 5_000 });
  const days = world.bitmap.windowDays;
  const nowMs = () => now.epochMilliseconds;
  return {
    world,
    redis,
    reader: connectDatabase(world.urls.reader, { applicationName: 'rebuild' }),
    bitmap: createBitmaps(redis, { gridOf: () => defaultGrid, days, nowMs })('fr'),
  };
}

async function close({ world, reader, redis }: Ground): Promise<void> {
  await reader.$client.end();
  redis.disconnect();
  await world.close();
}

function rebuild({ reader, ...ground }: Ground, options: RebuildOptions = {}, bitmap = ground.bitmap) {
  return rebuildCountry(
    { db: reader, bitmapOf: () => bitmap, gridOf: () => defaultGrid, now: () => now },
    'fr',
    options,
  );
}

/** The row of each, in hexadecimal; undefined where it is not known. */
async function rowsOf({ bitmap }: Ground, ordinals: readonly number[]): Promise<(string | undefined)[]> {
  const rows = await bitmap.readMany(ordinals, TODAY, bitmap.windowDays);
  return rows.map((days) => {
    const known = days.filter((bits) => bits !== undefined);
    return known.length === days.length ? Buffer.concat(known).toString('hex') : undefined;
  });
}

describe('a rebuild of random practitioners', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround();
  });
  afterAll(() => close(ground));

  it('gives what recompute gives of each day', { timeout: 60_000 }, async () => {
    const { world } = ground;
    const practitioners = await Promise.all(Array.from({ length: 24 }, () => addRandomPractitioner(world)));
    for (const practitioner of practitioners) await recomputeEachDay(world, practitioner);
    const ordinals = practitioners.map(({ ordinal }) => ordinal);
    const recomputed = await rowsOf(ground, ordinals);
    await world.redis.flushdb();
    expect(await rebuild(ground)).toEqual({ rows: 24, below: 25, end: 25 });
    expect(await rowsOf(ground, ordinals)).toEqual(recomputed);
    expect(new Set(recomputed).size).toBeGreaterThan(12);
  });

  it('overwrites what is wrong', async () => {
    const { id, ordinal } = await ground.world.addPractitioner();
    await ground.world.starts(id, TODAY.toString());
    const right = await rowsOf(ground, [ordinal]);
    await ground.world.bitmap.writeRow(fullRow(ground.world.bitmap, ordinal));
    await rebuild(ground);
    expect(await rowsOf(ground, [ordinal])).toEqual(right);
  });

  it('of a country without practitioners does nothing', async () => {
    const { bitmap, reader } = ground;
    const deps = { db: reader, bitmapOf: () => bitmap, gridOf: () => defaultGrid, now: () => now };
    expect(await rebuildCountry(deps, 'de')).toEqual({ rows: 0, below: 0, end: 0 });
  });
});

const ZONES = ['Europe/Paris', 'America/Martinique', 'Indian/Reunion', 'Pacific/Noumea', 'Pacific/Kiritimati'];

async function addRandomPractitioner(world: World): Promise<Practitioner> {
  const startMinute = 15 * below(48);
  const hours = { startMinute, endMinute: startMinute + 15 * (1 + below(48)) };
  const practitioner = await world.addPractitioner({ timeZone: ZONES[below(ZONES.length)] ?? '', hours });
  for (let count = below(4); count > 0; count -= 1) {
    const days = [dayAhead(below(30)), dayAhead(30 + below(5))].map(String) as [string, string];
    const [from, until] = [15 * below(48), 15 * (48 + below(48))];
    if (below(3) === 0) await world.addException(practitioner.id, 'closed', [days[0], days[0]]);
    const kind = below(2) === 0 ? 'closed' : 'open';
    await world.addException(practitioner.id, kind, days, { startMinute: from, endMinute: until });
  }
  for (let count = below(12); count > 0; count -= 1) await book(world, practitioner.id);
  return practitioner;
}

async function book(world: World, practitionerId: string): Promise<void> {
  const start = now.add({ minutes: 5 * below(12 * 24 * 32) });
  const shape = { minutes: 15 * (1 + below(8)), before: 5 * below(6), after: 5 * below(6) };
  const booking = bookingOf(practitionerId, start.toString(), shape);
  expect(await world.deliverUntilDone(booking.created())).toBe(204);
  if (below(4) === 0) expect(await world.deliverUntilDone(booking.cancelled())).toBe(204);
}

/** Day by day from a row that is wrong, so that each was computed by itself. */
async function recomputeEachDay({ bitmap, deliverUntilDone }: World, { id, ordinal }: Practitioner): Promise<void> {
  const start = TODAY.subtract({ days: 1 });
  for (const first of [start, TODAY]) await bitmap.writeRow(fullRow(bitmap, ordinal, first));
  for (let ahead = -1; ahead < bitmap.windowDays + 1; ahead += 5) {
    const [from, to] = [dayAhead(ahead).toString(), dayAhead(ahead + 4).toString()];
    expect(await deliverUntilDone(scheduleChanged(id, { from, to }))).toBe(204);
  }
}

function fullRow(bitmap: AvailabilityBitmap, ordinal: number, start = TODAY) {
  return { ordinal, start, days: Array.from({ length: bitmap.windowDays }, () => new Uint8Array(3)) };
}

function dayAhead(days: number): Temporal.PlainDate {
  return TODAY.add({ days });
}

function below(limit: number): number {
  return Math.floor(Math.random() * limit);
}

describe('a rebuild of many', () => {
  const COUNT = 2_600;
  const everybody = Array.from({ length: COUNT }, (_, ordinal) => ordinal);
  let ground: Ground;
  let complete: (string | undefined)[];
  beforeAll(async () => {
    ground = await openGround();
    await addPractitioners(ground.world.urls.superuser, COUNT, TODAY);
    await rebuild(ground);
    complete = await rowsOf(ground, everybody);
  });
  beforeEach(async () => {
    await ground.world.redis.flushdb();
  });
  afterAll(() => close(ground));

  it('knows everybody, and tells how far it is', async () => {
    expect(complete).not.toContain(undefined);
    const told: number[] = [];
    const done = await rebuild(ground, { onProgress: ({ below }) => told.push(below) });
    expect(done).toEqual({ rows: COUNT, below: COUNT, end: COUNT });
    expect(told).toEqual(told.toSorted((one, other) => one - other));
    expect(told.at(-1)).toBe(COUNT);
  });

  it('twice, also at once, leaves the same', async () => {
    await Promise.all([rebuild(ground), rebuild(ground)]);
    await rebuild(ground);
    expect(await rowsOf(ground, everybody)).toEqual(complete);
  });

  it('that is interrupted says where to go on, and nobody is left out', async () => {
    const stopping = new AbortController();
    const done = await rebuild(ground, { signal: stopping.signal, onProgress: () => stopping.abort() });
    expect(done.below).toBeGreaterThan(0);
    expect(done.below).toBeLessThan(COUNT);
    const rows = await rowsOf(ground, everybody);
    expect(rows.slice(0, done.below)).toEqual(complete.slice(0, done.below));
    expect(rows).toContain(undefined);
    const rest = await rebuild(ground, { from: done.below });
    expect(done.rows + rest.rows).toBe(COUNT);
    expect(await rowsOf(ground, everybody)).toEqual(complete);
  });

  it('that fails half-way leaves nothing wrong, and may be done again', async () => {
    const { bitmap } = ground;
    let batches = 0;
    const failing: AvailabilityBitmap = {
      ...bitmap,
      async writeRows(windows) {
        if ((batches += 1) === 3) throw new AppError('unavailable', 'Redis is gone');
        await bitmap.writeRows(windows);
      },
    };
    await expect(rebuild(ground, {}, failing)).rejects.toMatchObject({ code: 'unavailable' });
    expect(batches).toBeLessThan(6);
    for (const [ordinal, row] of (await rowsOf(ground, everybody)).entries())
      expect([undefined, complete[ordinal]]).toContain(row);
    await rebuild(ground);
    expect(await rowsOf(ground, everybody)).toEqual(complete);
  });

  it('holds few practitioners at a time', async () => {
    const { bitmap } = ground;
    let [held, most] = [0, 0];
    const counting: AvailabilityBitmap = {
      ...bitmap,
      async writeRows(windows) {
        const rows = await Array.fromAsync(windows);
        most = Math.max(most, (held += rows.length));
        await bitmap.writeRows(rows);
        held -= rows.length;
      },
    };
    await rebuild(ground, {}, counting);
    expect(most).toBeLessThanOrEqual(1_500);
  });
});

describe('a rebuild beside a recompute', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround();
  });
  afterAll(() => close(ground));

  async function freeAtTen(ordinal: number): Promise<boolean | undefined> {
    const [bits] = await ground.world.bitmap.read(ordinal, TODAY, 1);
    return bits && freeSlotsOf(bits).includes(4);
  }

  it('waits for its turn, and sees what the other has seen', async () => {
    const { world } = ground;
    const { id, ordinal } = await world.addPractitioner();
    const release = await world.lockDaysOf(id);
    const rebuilt = rebuild(ground);
    await world.untilSomebodyWaitsForALock();
    await world.rows(
      `INSERT INTO practitioner.busy_slots
         (country_code, booking_id, practitioner_id, visit_type_id, version, active, busy_start, busy_end, slot_start)
       VALUES ('fr', gen_random_uuid(), $1, $1, 1, true, $2, $2::timestamptz + interval '30 minutes', $2)`,
      [id, TEN],
    );
    await release();
    await rebuilt;
    expect(await freeAtTen(ordinal)).toBe(false);
  });

  it('is overtaken by nobody, so that what comes later stays', async () => {
    const { world } = ground;
    const { id, ordinal } = await world.addPractitioner();
    const [computed, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slow: AvailabilityBitmap = {
      ...world.bitmap,
      async writeRows(windows) {
        const old = await Array.fromAsync(windows);
        computed.resolve();
        await gate.promise;
        await world.bitmap.writeRows(old);
      },
    };
    const rebuilt = rebuild(ground, {}, slow);
    await computed.promise;
    const delivered = world.deliver(bookingOf(id, TEN).created());
    await Promise.race([delivered, world.untilSomebodyWaitsForALock()]);
    gate.resolve();
    await rebuilt;
    expect(await delivered).toBe(204);
    expect(await freeAtTen(ordinal)).toBe(false);
  });
});
