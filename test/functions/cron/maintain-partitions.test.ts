import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { maintainPartitions } from '../../../functions/cron/maintain-partitions.ts';
import { PartitionMissing } from '../../../schemas/events/platform.v1.ts';
import { connectDatabase, type Database } from '../../../shared/db/client.ts';
import { listMissingMonths } from '../../../shared/db/month-partitions.ts';
import { cronOutbox } from '../../../shared/db/schema/cron.ts';
import { createDatabase, type TestDatabase } from '../../support/services/database.ts';
import { taskContext } from './tick.ts';

const noon = Temporal.Instant.from('2041-10-31T12:00:00Z');

let database: TestDatabase;
let admin: Database;
let cron: Database;
let laboratory: Database;
beforeAll(async () => {
  database = await createDatabase();
  const connect = (url: string) => connectDatabase(url, { applicationName: 'test', maxConnections: 4 });
  admin = connect(database.url);
  cron = connect(database.urlFor('careflow_cron'));
  laboratory = connect(database.urlFor('careflow_laboratory'));
});
afterAll(async () => {
  await Promise.all([admin, cron, laboratory].map(({ $client }) => $client.end()));
  await database.drop();
});
beforeEach(async () => {
  await cron.delete(cronOutbox);
});

function maintain(now = noon, db = laboratory): Promise<number | undefined> {
  return maintainPartitions(cron, 'laboratory', db).run(taskContext({ now }));
}

async function partitions(): Promise<string[]> {
  const { rows } = await admin.execute<{ name: string }>(
    sql`SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'laboratory.messages'::regclass ORDER BY 1`,
  );
  return rows.map(({ name }) => name.replace('laboratory.messages_', ''));
}

async function alarms() {
  const rows = await cron.select().from(cronOutbox).orderBy(cronOutbox.seq);
  return rows.map(({ topic, event }) => ({ topic, type: event.type, data: event.data }));
}

async function message(receivedAt: string): Promise<void> {
  await admin.execute(sql`INSERT INTO laboratory.messages
    (id, received_at, sender, control_id, content_hash, media_type, via, state)
    VALUES (gen_random_uuid(), ${receivedAt}, 's', 'c', '', 'm', 'http', 'received')`);
}

describe('maintaining partitions', () => {
  it('makes this month and the next three, over the end of the year, once', async () => {
    expect(await maintain()).toBeGreaterThan(0);
    expect(await partitions()).toEqual(expect.arrayContaining(['2041_10', '2041_11', '2041_12', '2042_01']));
    expect([await maintain(), await alarms()]).toEqual([0, []]);
  });

  it('at the same time as another makes each once', async () => {
    const later = noon.add({ hours: 24 * 365 });
    const outcomes = await Promise.allSettled([maintain(later), maintain(later), maintain(later)]);
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(await partitions()).toEqual(expect.arrayContaining(['2042_10', '2042_11', '2042_12', '2043_01']));
  });

  it('puts what came in a month that nobody had made where it belongs', async () => {
    await message('2044-05-05T05:05:05Z');
    await maintain(Temporal.Instant.from('2044-05-06T00:00:00Z'));
    const { rows } = await admin.execute(sql`SELECT count(*)::int AS count FROM laboratory.messages_2044_05`);
    expect(rows).toEqual([{ count: 1 }]);
  });

  it('drops the months that are past what their table declares, and no other', async () => {
    await maintain(Temporal.Instant.from('2050-03-15T00:00:00Z'));
    await message('2050-03-15T00:00:00Z');
    await maintain(Temporal.Instant.from('2051-04-30T23:59:59Z'));
    expect(await partitions()).toEqual(expect.arrayContaining(['2050_03', '2050_04']));
    await maintain(Temporal.Instant.from('2051-05-01T00:00:00Z'));
    const left = await partitions();
    expect([left.includes('2050_03'), left.includes('2050_04'), left.includes('2051_08')]).toEqual([false, true, true]);
  });

  it('raises an alarm for each month that cannot be made, and fails', async () => {
    await admin.execute(sql`ALTER FUNCTION laboratory.create_month(date) RENAME TO create_month_later`);
    const far = Temporal.Instant.from('2060-11-30T00:00:00Z');
    try {
      await expect(maintain(far)).rejects.toThrow();
    } finally {
      await admin.execute(sql`ALTER FUNCTION laboratory.create_month_later(date) RENAME TO create_month`);
    }
    const months = ['2060-11-01', '2060-12-01', '2061-01-01', '2061-02-01'];
    expect(await alarms()).toEqual(
      months.map((month) => ({
        topic: 'platform-events',
        type: PartitionMissing.type,
        data: { table: 'laboratory.messages', month },
      })),
    );
    expect(await maintain(far)).toBeGreaterThanOrEqual(4);
  });

  it('finds every table that is partitioned by months, whoever made it, and leaves others alone', async () => {
    await admin.execute(sql`CREATE TABLE laboratory.readings (at date NOT NULL) PARTITION BY RANGE (at)`);
    await admin.execute(sql`CREATE TABLE laboratory.numbers (number int NOT NULL) PARTITION BY RANGE (number)`);
    const day = Temporal.PlainDate.from('2070-01-15');
    await laboratory.execute(sql`SELECT laboratory.create_month('2070-01-15')`);
    expect(await listMissingMonths(laboratory, 'laboratory', { day, ahead: 0 })).toEqual([
      { table: 'readings', month: Temporal.PlainDate.from('2070-01-01') },
    ]);
    await admin.execute(sql`DROP TABLE laboratory.readings, laboratory.numbers`);
  });

  it('has nothing to do where there are none', async () => {
    expect(await maintainPartitions(cron, 'cron', cron).run(taskContext({ now: noon }))).toBe(0);
  });
});
