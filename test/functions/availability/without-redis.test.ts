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

  it('answers from PostgreSQL while another writes the same days', async () => {
    const { id } = await world.addPractitioner();
    await world.redis.flushdb();
    const release = await world.lockDaysOf(id);
    expect(await world.starts(id, MONDAY)).toHaveLength(6);
    await release();
  });
});

describe('without Redis', () => {
  it(
    'answers from PostgreSQL, sends events back, and has missed none when Redis returns',
    { timeout: 60_000 },
    async () => {
      const { id, ordinal } = await world.addPractitioner();
      const cancelled = bookingOf(id, '2030-01-07T10:00:00Z');
      await world.deliver(cancelled.created());
      await redis.stop();

      const created = bookingOf(id, TEN).created();
      const freed = cancelled.cancelled();
      expect(await world.deliver(created)).toBe(503);
      expect(await world.deliver(freed)).toBe(503);
      const expected = ['09:00', '09:30', '10:30', '11:00', '11:30'];
      expect(await world.starts(id, MONDAY)).toEqual(expected);
      const { status } = await world.get(`/fr/availability?practitionerIds=${id}`);
      expect(status).toBe(200);
      expect(await world.told(id)).toHaveLength(1);

      await restart();
      await until(() => world.redis.status === 'ready', { what: 'the connection to Redis' });
      for (const event of [created, freed]) expect(await world.deliverUntilDone(event)).toBe(204);
      expect(await world.starts(id, MONDAY)).toEqual(expected);
      const known = await world.bitmap.preCheck(ordinal, Temporal.PlainDate.from(MONDAY), 4, 1);
      expect(known).toBe('busy');
      expect(await world.told(id)).toHaveLength(3);
    },
  );
});
