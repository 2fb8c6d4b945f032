import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { openBefore } from './before-migration.ts';

let database: Awaited<ReturnType<typeof openBefore>>;
beforeAll(async () => {
  database = await openBefore('0014_release_each_result.sql');
});
afterAll(() => database.close());

const THEN = new Date('2030-01-01T09:00:00Z');
const LATER = new Date('2030-01-04T09:00:00Z');

/** A report as it was kept before, with results that its laboratory stands by, does not yet, and that wait for a code. */
async function addReport(release: { release_at: Date; held_because: string[]; released_at: Date | null }) {
  const [id, patientId] = [randomUUID(), randomUUID()];
  const said = { status: 'final', content: '{}', digest: id, effective_at: THEN, patient_id: patientId, identity: id };
  const from = { country_code: 'fr', sender: 'lab', filler_order: id, version: 1, category: 'sensitive' };
  await insert('laboratory.reports', { id, ...said, ...from, conclusive_at: THEN, reviewed_at: THEN, ...release });
  const code = { local_system: 'L', local_code: 'K', is_critical: false };
  for (const [identity, was, isParked] of results) {
    const observation = { id: randomUUID(), report_id: id, ...said, identity, ...code, is_parked: isParked };
    await insert('laboratory.observations', { ...observation, was_conclusive: was });
  }
  return id;
}

const results = [
  ['known', true, false],
  ['parked', true, true],
  ['unknown', false, false],
] as const;

async function insert(table: string, values: Record<string, unknown>): Promise<void> {
  const places = Object.keys(values).map((_, index) => `$${index + 1}`);
  const query = `INSERT INTO ${table} (${Object.keys(values).join()}) VALUES (${places.join()})`;
  await database.client.query(query, Object.values(values));
}

async function piecesOf(reportId: string) {
  const { rows } = await database.client.query(
    `SELECT identity, conclusive_at, reviewed_at, release_at, held_because, released_at
     FROM laboratory.observations WHERE report_id = $1 ORDER BY identity`,
    [reportId],
  );
  return rows;
}

it('keeps what a patient saw and what was held, for each result', async () => {
  const seen = await addReport({ release_at: THEN, held_because: [], released_at: THEN });
  const held = await addReport({ release_at: LATER, held_because: ['category'], released_at: null });
  await database.migrate();
  const known = { identity: 'known', conclusive_at: THEN, reviewed_at: THEN };
  const unknown = { identity: 'unknown', conclusive_at: null, reviewed_at: null, release_at: null, held_because: [] };
  const parked = { ...known, identity: 'parked', release_at: null, held_because: ['unmapped-code'], released_at: null };
  expect(await piecesOf(seen)).toEqual([
    { ...known, release_at: THEN, held_because: [], released_at: THEN },
    parked,
    { ...unknown, released_at: null },
  ]);
  expect(await piecesOf(held)).toEqual([
    { ...known, release_at: LATER, held_because: ['category'], released_at: null },
    parked,
    { ...unknown, released_at: null },
  ]);
  const { rows } = await database.client.query(
    'SELECT own_release_at, own_held_because, own_released_at, release_at, released_at FROM laboratory.reports WHERE id = ANY ($1) ORDER BY own_release_at',
    [[seen, held]],
  );
  expect(rows).toEqual([
    { own_release_at: THEN, own_held_because: [], own_released_at: THEN, release_at: null, released_at: THEN },
    {
      own_release_at: LATER,
      own_held_because: ['category'],
      own_released_at: null,
      release_at: LATER,
      released_at: null,
    },
  ]);
});
