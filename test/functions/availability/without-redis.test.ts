import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { freePort } from '../../../infra/local/services/free-port.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';
import { bookingOf, type Day, openWorld, type World } from './world.ts';

const MONDAY = '2030-01-07';
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
  it('answers from PostgreSQL, sends events back, and has missed none when Redis returns', async () => {
    const { id, ordinal } = await world.addPractitioner();
    const [leaving, cancelled] = [bookingOf(id, '2030-01-08T09:00:00Z'), bookingOf(id, '2030-01-07T10:00:00Z')];
    for (const event of [leaving.created(), cancelled.created()]) await world.deliver(event);
    await redis.stop();

    const missed = [bookingOf(id, TEN).created(), cancelled.cancelled(), leaving.rescheduled('2030-01-07T08:30:00Z')];
    for (const event of missed) expect(await world.deliver(event)).toBe(503);
    const expected = ['09:00', '10:30', '11:00', '11:30'];
    expect(await world.starts(id, MONDAY)).toEqual(expected);
    expect((await world.get(`/fr/availability?practitionerIds=${id}`)).status).toBe(200);
    expect(await world.told(id)).toHaveLength(2);

    await restart();
    await until(() => world.redis.status === 'ready', { what: 'the connection to Redis' });
    await world.bitmap.writeRow(stale(ordinal));
    for (const event of missed) expect(await world.deliverUntilDone(event)).toBe(204);
    expect(await world.starts(id, MONDAY)).toEqual(expected);
    expect(await world.starts(id, '2030-01-08')).toHaveLength(6);
    const told = (await world.told(id)).slice(2);
    expect(told.map(({ date }) => date)).toEqual([MONDAY, MONDAY, MONDAY, '2030-01-08']);
  });
});
