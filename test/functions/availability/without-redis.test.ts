import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { freePort } from '../../../infra/local/services/free-port.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import { connectRedis } from '../../../shared/redis/client.ts';
import { freeSlotsOf } from '../../support/day-bits.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';
import { bookingOf, type Day, openWorld, type Practitioner, type World } from './world.ts';

const MONDAY = '2030-01-07';
const TUESDAY = '2030-01-08';
const TEN = '2030-01-07T09:00:00Z';

let world: World;
let redis: Awaited<ReturnType<typeof startRedis>>;
let restart: () => Promise<void>;

beforeAll(async () => {
  const dir = await temporaryFolder();
  const options = { dir, port: await freePort(), logFile: `${dir}/redis.log` };
  restart = async () => {
    redis = await startRedis(options);
  };
  await restart();
  world = await openWorld({ redisUrl: redis.url });
});
afterAll(async () => {
  await world.close();
  await redis.stop();
});

async function startAgain(): Promise<void> {
  await restart();
  await until(() => world.redis.status === 'ready', { what: 'the connection to Redis' });
}

describe('with an empty Redis', () => {
  it('rebuilds what is missing from PostgreSQL, once', async () => {
    const { id, ordinal } = await world.addPractitioner();
    await world.deliver(bookingOf(id, TEN).created());
    await world.redis.flushdb();
    expect(await world.starts(id, MONDAY)).toHaveLength(5);
    const [bits] = await world.bitmap.read(ordinal, Temporal.PlainDate.from(MONDAY), 1);
    expect(bits?.some((byte) => byte !== 0)).toBe(true);
    await world.rows('DELETE FROM practitioner.busy_slots WHERE practitioner_id = $1', [id]);
    expect(await world.starts(id, MONDAY)).toHaveLength(5);
  });

  it('rebuilds many at once', async () => {
    const practitioners = await Promise.all(Array.from({ length: 20 }, () => world.addPractitioner()));
    await world.redis.flushdb();
    const ids = practitioners.map(({ id }) => id);
    const { body } = await world.get(`/fr/availability?practitionerIds=${ids.join()}&days=2`);
    expect(body.items.map(({ days }: { days: Day[] }) => days.map(({ slots }) => slots.length))).toEqual(
      ids.map(() => [6, 6]),
    );
    const ordinals = practitioners.map(({ ordinal }) => ordinal);
    const { unknown } = await world.bitmap.withFreeSlot(ordinals, Temporal.PlainDate.from(MONDAY), 2);
    expect(unknown).toEqual([]);
  });

  it('moves its window on as the days go by, and keeps what it knew', async () => {
    const { id, ordinal } = await world.addPractitioner();
    await world.deliver(bookingOf(id, '2030-01-14T09:00:00Z').created());
    await world.rows('DELETE FROM practitioner.busy_slots WHERE practitioner_id = $1', [id]);
    world.setTime('2030-01-12T06:00:00Z');
    const { body } = await world.get(`/fr/practitioners/${id}/availability?days=28`);
    const known = await world.bitmap.read(ordinal, Temporal.PlainDate.from('2030-01-12'), 30);
    world.setTime('2030-01-07T06:00:00Z');
    expect(body.days.map(({ slots }: Day) => slots.length).slice(0, 4)).toEqual([6, 6, 5, 6]);
    expect(known).not.toContain(undefined);
  });

  it('answers from PostgreSQL while another writes the same days', async () => {
    const { id } = await world.addPractitioner();
    await world.redis.flushdb();
    const release = await world.lockDaysOf(id);
    expect(await world.starts(id, MONDAY)).toHaveLength(6);
    await release();
  });
});

/** What a Redis that was only out of reach still holds: nothing free at all. */
function stale(ordinal: number) {
  const days = Array.from({ length: world.bitmap.windowDays }, () => new Uint8Array(3));
  return { ordinal, start: Temporal.PlainDate.from(MONDAY), days };
}

describe('without Redis', () => {
  it('answers from PostgreSQL, tells of what changes, sends events back and has missed none when Redis returns', async () => {
    const { id, ordinal } = await world.addPractitioner();
    const [leaving, cancelled] = [bookingOf(id, '2030-01-08T09:00:00Z'), bookingOf(id, '2030-01-07T10:00:00Z')];
    for (const event of [leaving.created(), cancelled.created()]) await world.deliver(event);
    await redis.stop();

    const missed = [bookingOf(id, TEN).created(), cancelled.cancelled(), leaving.rescheduled('2030-01-07T08:30:00Z')];
    for (const event of missed) expect(await world.deliver(event)).toBe(503);
    const expected = ['09:00', '10:30', '11:00', '11:30'];
    expect(await world.starts(id, MONDAY)).toEqual(expected);
    expect((await world.get(`/fr/availability?practitionerIds=${id}`)).status).toBe(200);
    const told = (await world.told(id)).slice(2);
    expect(told.map(({ date }) => date)).toEqual([MONDAY, MONDAY, MONDAY, TUESDAY]);

    await startAgain();
    await world.bitmap.writeRow(stale(ordinal));
    for (const event of missed) expect(await world.deliverUntilDone(event)).toBe(204);
    expect(await world.starts(id, MONDAY)).toEqual(expected);
    expect(await world.starts(id, TUESDAY)).toHaveLength(6);
    expect(await world.told(id)).toHaveLength(6);
  });
});

/** A practitioner of whom a booking at ten has been missed by Redis, which still holds their row of before. */
async function staleAtTen(): Promise<Practitioner> {
  const practitioner = await world.addPractitioner();
  await redis.stop();
  expect(await world.deliver(bookingOf(practitioner.id, TEN).created())).toBe(503);
  await startAgain();
  await world.bitmap.writeRow(stale(practitioner.ordinal));
  return practitioner;
}

const WITHOUT_TEN = ['09:00', '09:30', '10:30', '11:00', '11:30'];

async function freeSlotsInBitmap(ordinal: number, date = MONDAY): Promise<number | undefined> {
  const [bits] = await world.bitmap.read(ordinal, Temporal.PlainDate.from(date), 1);
  return bits && freeSlotsOf(bits).length;
}

async function staleRows(): Promise<number> {
  return (await world.rows('SELECT FROM practitioner.stale_rows')).length;
}

describe('a row that Redis did not take, though its event never comes again', () => {
  it('is not believed by who reads it, and written anew', async () => {
    const { id, ordinal } = await staleAtTen();
    expect(await freeSlotsInBitmap(ordinal)).toBe(0);
    expect(await world.starts(id, MONDAY)).toEqual(WITHOUT_TEN);
    expect(await world.starts(id, TUESDAY)).toHaveLength(6);
    expect([await freeSlotsInBitmap(ordinal), await freeSlotsInBitmap(ordinal, TUESDAY)]).toEqual([5, 6]);
    expect(await staleRows()).toBe(0);
  });

  it('is not believed by who reads many', async () => {
    const [{ id }, other] = [await staleAtTen(), await world.addPractitioner()];
    const { body } = await world.get(`/fr/availability?practitionerIds=${id},${other.id}&from=${MONDAY}&days=1`);
    expect(body.items.map(({ days }: { days: Day[] }) => days.map(({ slots }) => slots.length))).toEqual([[5], [6]]);
    expect(await staleRows()).toBe(0);
  });

  it('is not believed while another writes it', async () => {
    const { id, ordinal } = await staleAtTen();
    const release = await world.lockDaysOf(id);
    expect(await world.starts(id, MONDAY)).toEqual(WITHOUT_TEN);
    expect([await freeSlotsInBitmap(ordinal), await staleRows()]).toEqual([0, 1]);
    await release();
    expect(await world.starts(id, MONDAY)).toEqual(WITHOUT_TEN);
    expect(await staleRows()).toBe(0);
  });

  it('is asked to be seen to again while another, who may fail, has its turn', async () => {
    const { id, ordinal } = await world.addPractitioner();
    const event = bookingOf(id, TEN).created();
    await redis.stop();
    expect(await world.deliver(event)).toBe(503);
    await startAgain();
    await world.bitmap.writeRow(stale(ordinal));
    const release = await world.lockDaysOf(id);
    expect(await world.deliver(event)).toBe(409);
    await release();
    expect(await world.deliver(event)).toBe(204);
    expect([await freeSlotsInBitmap(ordinal), await staleRows()]).toEqual([5, 0]);
  });

  it('is written anew as a whole with the next event of the practitioner', async () => {
    const { id, ordinal } = await staleAtTen();
    expect(await world.deliver(bookingOf(id, '2030-01-09T09:00:00Z').created())).toBe(204);
    expect(await freeSlotsInBitmap(ordinal)).toBe(5);
    expect(await freeSlotsInBitmap(ordinal, TUESDAY)).toBe(6);
    expect(await staleRows()).toBe(0);
  });

  it('is written anew with the next event of anybody', async () => {
    const [{ ordinal }, other] = [await staleAtTen(), await world.addPractitioner()];
    expect(await world.deliver(bookingOf(other.id, TEN).created())).toBe(204);
    expect(await freeSlotsInBitmap(ordinal)).toBe(5);
    expect(await staleRows()).toBe(0);
  });
});

describe('many rows that Redis did not take', () => {
  it('are written anew some at a time, with the next events of anybody', async () => {
    const practitioners = await Promise.all(Array.from({ length: 25 }, () => world.addPractitioner()));
    const other = await world.addPractitioner();
    await redis.stop();
    for (const { id } of practitioners) expect(await world.deliver(bookingOf(id, TEN).created())).toBe(503);
    await startAgain();
    await Promise.all(practitioners.map(({ ordinal }) => world.bitmap.writeRow(stale(ordinal))));
    expect(await world.deliver(bookingOf(other.id, TEN).created())).toBe(204);
    expect(await staleRows()).toBe(5);
    expect(await world.deliver(bookingOf(other.id, '2030-01-07T10:00:00Z').created())).toBe(204);
    expect(await staleRows()).toBe(0);
    for (const { ordinal } of practitioners) expect(await freeSlotsInBitmap(ordinal)).toBe(5);
  });

  it('are forgotten with their practitioner', async () => {
    const { id } = await staleAtTen();
    await world.rows('DELETE FROM practitioner.practitioners WHERE id = $1', [id]);
    expect(await staleRows()).toBe(0);
  });
});

describe('a Redis that stands still', () => {
  it('holds what is right in the end, whatever of old it carries out when it goes on', async () => {
    const { id, ordinal } = await world.addPractitioner();
    expect(await world.starts(id, MONDAY)).toHaveLength(6);
    const [booking, other] = [bookingOf(id, TEN), world.startFunction()];
    const control = await connectRedis(redis.url);
    await control.client('PAUSE', 60_000, 'WRITE');
    const [created, cancelled] = [booking.created(), booking.cancelled()];
    expect(await other.deliver(cancelled)).toBe(503);
    expect(await world.deliver(created)).toBe(503);
    expect(await staleRows()).toBe(1);
    await control.client('UNPAUSE');
    expect(await world.starts(id, MONDAY)).toHaveLength(6);
    expect(await freeSlotsInBitmap(ordinal)).toBe(6);
    for (const event of [created, cancelled]) expect(await world.deliverUntilDone(event)).toBe(204);
    expect(await freeSlotsInBitmap(ordinal)).toBe(6);
    expect(await staleRows()).toBe(0);
    control.disconnect();
  });
});
