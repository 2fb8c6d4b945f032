/**
 * Rebuilds the bitmap, or does as little as can be done for it, in a process of its own, and tells how long it took and
 * how much memory. Arguments: `ours` or `floor`, the URLs of PostgreSQL and Redis, the days of a window, the first ordinal.
 */
import pg from 'pg';

import { rebuildCountry } from '../../functions/availability/rebuild-country.ts';
import { connectDatabase } from '../../shared/db/client.ts';
import { defaultGrid } from '../../shared/domain/grid.ts';
import { createBitmaps } from '../../shared/redis/availability-bitmaps.ts';
import { connectRedis } from '../../shared/redis/client.ts';
import type { Rebuilt } from './bitmap-rebuild.ts';
import { seconds } from './measure.ts';

const BATCH = 500;
const LANES = 3;

const everything = `
  SELECT ordinal, time_zone, working_hours::text, exceptions::text,
    (SELECT string_agg(busy_start || ' ' || busy_end, ' ') FROM practitioner.published_busy_slots b
     WHERE b.country_code = s.country_code AND b.practitioner_id = s.practitioner_id) AS busy
  FROM practitioner.published_schedules s
  WHERE country_code = 'fr' AND ordinal >= $1 AND ordinal < $1 + $2`;

const [subject, databaseUrl = '', redisUrl = '', days = '', from = ''] = process.argv.slice(2);
const redis = await connectRedis(redisUrl, { timeoutMs: 30_000 });
const took = await seconds(subject === 'ours' ? rebuild : copy);
redis.disconnect();
process.send?.({ seconds: took, residentBytes: process.resourceUsage().maxRSS * 1024 } satisfies Rebuilt);

async function rebuild(): Promise<void> {
  const db = connectDatabase(databaseUrl, { applicationName: 'bench' });
  const gridOf = () => defaultGrid;
  const bitmapOf = createBitmaps(redis, { gridOf, days: Number(days) });
  await rebuildCountry({ db, bitmapOf, gridOf, now: () => Temporal.Now.instant() }, 'fr', { from: Number(from) });
  await db.$client.end();
}

/** Reads the same and writes as many bytes, and computes nothing of them. */
async function copy(): Promise<void> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: LANES });
  const { rows } = await pool.query<{ end: number }>(
    'SELECT max(ordinal) + 1 AS end FROM practitioner.published_practitioners',
  );
  const end = rows[0]?.end ?? 0;
  let next = Number(from);
  const lane = async () => {
    while (next < end) await copyBatch(pool, (next += BATCH) - BATCH);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  await pool.end();
}

async function copyBatch(pool: pg.Pool, first: number): Promise<void> {
  const { rows } = await pool.query<{ ordinal: number }>({ name: 'copy', text: everything, values: [first, BATCH] });
  const row = Buffer.alloc(1 + (Number(days) * defaultGrid.slotsPerDay) / 8, 0x55);
  const pipeline = redis.pipeline();
  for (const { ordinal } of rows) pipeline.setrange(`floor:${ordinal >> 9}`, (ordinal & 511) * row.length, row);
  await pipeline.exec();
}
