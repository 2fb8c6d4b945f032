import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import pg from 'pg';
import { Pool } from 'undici';

import type { Area, Bench } from './bench.ts';
import { addOffers, type Offers } from './booking-offers.ts';
import { buildBundle } from './bundle.ts';
import { startIdentityProvider } from './identity-provider.ts';
import { p95Ms } from './measure.ts';
import { startProgram } from './process-under-test.ts';
import { withServers } from './servers.ts';

const DAYS = 31;
const LIMIT_MS = 20;
const ROUNDS = 5;
const READINGS = 400;

/** Nobody is limited here: what is measured is what the function can do. */
const UNLIMITED = { RATE_LIMIT_SUBJECT: '1000000000', RATE_LIMIT_ADDRESS: '1000000000' };

type Read = (turn: number) => Promise<void>;

/** Slots of a practitioner who has booked every third hour: told by the bitmap, and where buffers and a cap need PostgreSQL. */
export const run: Area = (bench) =>
  withServers(async ({ dir, environment, postgres }) => {
    const provider = await startIdentityProvider();
    const { practices } = await addOffers(postgres.url, provider.tokenOf);
    const buffered = await addCalendars(postgres.url, practices);
    const program = await buildBundle(join(dir, 'image'));
    const settings = { ...environment, ...provider.environment, ...UNLIMITED };
    const ours = await startProgram(program('availability', settings), '/health/live');
    const pool = new Pool(ours.url, { connections: 1 });
    try {
      const read = createReader(pool, await provider.tokenOfStaff());
      const path = (turn: number) =>
        `/fr/practitioners/${practices[turn % practices.length]?.practitionerId}/availability?days=${DAYS}`;
      const visitTypeId = (turn: number) => `&visitTypeId=${buffered[turn % buffered.length]}`;
      await measure(bench, {
        any: (turn) => read(path(turn)),
        withBuffers: (turn) => read(path(turn) + visitTypeId(turn)),
        nothing: () => read('/health/live'),
      });
    } finally {
      await pool.destroy();
      await ours.stop();
      provider.stop();
    }
  });

async function measure(bench: Bench, { any, withBuffers, nothing }: Record<'any' | 'withBuffers' | 'nothing', Read>) {
  const kinds = { 'any visit': any, 'a visit with buffers and a daily cap': withBuffers };
  for (const [kind, read] of Object.entries(kinds)) {
    // The first reading of a practitioner writes their days into the bitmap.
    await p95Ms(read, READINGS);
    const name = `p95 of the slots of one practitioner on ${DAYS} days for ${kind}`;
    const ours = () => p95Ms(read, READINGS);
    const common = { unit: 'ms', rounds: ROUNDS, ours };
    await bench(`${name}, against ${LIMIT_MS} ms`, { ...common, floor: () => LIMIT_MS, target: { atMost: 1 } });
    await bench(`${name}, against an answer without any work`, { ...common, floor: () => p95Ms(nothing, READINGS) });
  }
}

function createReader(pool: Pool, token: string): (path: string) => Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  return async (path) => {
    const { statusCode, body } = await pool.request({ method: 'GET', path, headers });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`status ${statusCode}: ${text}`);
  };
}

/** Books every third hour of the practitioners, and lets each offer a second visit: the ids of these, in their order. */
async function addCalendars(url: string, practices: Offers['practices']): Promise<string[]> {
  const practitionerIds = practices.map(({ practitionerId }) => practitionerId);
  const visitTypeIds = practices.map(() => randomUUID());
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(ADD_VISIT_TYPES, [visitTypeIds, practitionerIds]);
  await client.query(ADD_BUSY_SLOTS, [practitionerIds]);
  await client.query('ANALYZE practitioner.busy_slots');
  await client.end();
  return visitTypeIds;
}

const ADD_VISIT_TYPES = `
  INSERT INTO practitioner.visit_types
    (country_code, id, practitioner_id, name, specialty, mode, duration_minutes, buffer_after_minutes, daily_cap)
  SELECT 'fr', id, practitioner_id, 'First visit', 'specialty-' || id, 'in-person', 60, 15, 4
  FROM unnest($1::uuid[], $2::uuid[]) AS given (id, practitioner_id)`;

const ADD_BUSY_SLOTS = `
  INSERT INTO practitioner.busy_slots
    (country_code, booking_id, practitioner_id, visit_type_id, version, active, busy_start, busy_end, slot_start)
  SELECT 'fr', gen_random_uuid(), id, gen_random_uuid(), 1, true, start, start + interval '1 hour', start
  FROM unnest($1::uuid[]) AS id,
    generate_series(date_trunc('hour', now()), now() + interval '90 days', interval '3 hours') AS start`;
