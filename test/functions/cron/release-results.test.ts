import { randomUUID } from 'node:crypto';

import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import { lanesOf } from '../../../functions/cron/lanes.ts';
import { minuteLimits } from '../../../functions/cron/run-tick.ts';
import { leases, taskRuns } from '../../../shared/db/schema/cron.ts';
import { until } from '../../support/until.ts';
import { openContexts, type TestContexts } from './contexts.ts';
import { tick, tickingServer } from './tick.ts';

const now = Temporal.Now.instant();
const before = (minutes: number) => now.subtract({ minutes }).toString();

let contexts: TestContexts;
let admin: Client;
beforeAll(async () => {
  contexts = await openContexts();
  admin = new Client({ connectionString: contexts.url });
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  await contexts.close();
});
beforeEach(async () => {
  await Promise.all([contexts.cron.delete(leases), contexts.cron.delete(taskRuns)]);
  await admin.query('TRUNCATE laboratory.reports, laboratory.outbox CASCADE');
});

async function insert(table: string, values: Record<string, unknown>): Promise<void> {
  const places = Object.keys(values).map((_, index) => `$${index + 1}`);
  await admin.query(
    `INSERT INTO laboratory.${table} (${Object.keys(values).join(', ')}) VALUES (${places.join(', ')})`,
    Object.values(values),
  );
}

/** A report that its patient is to see since so many minutes. */
async function reportDue(minutes: number) {
  const ids = { id: randomUUID(), patient_id: randomUUID() };
  const said = {
    status: 'final',
    category: 'routine',
    content: '{"documents":[],"notes":[]}',
    effective_at: before(60),
  };
  const known = { country_code: 'fr', sender: 'lab', filler_order: ids.id, identity: ids.id, version: 1, digest: 'd' };
  const due = { conclusive_at: before(60), forced_at: before(minutes), release_at: before(minutes) };
  await insert('reports', { ...ids, ...said, ...known, ...due });
  return ids;
}

/** A critical result that nobody has taken note of for twenty minutes, in a report that an office let its patient see. */
async function alertDue(report: Awaited<ReturnType<typeof reportDue>>): Promise<void> {
  const of = { report_id: report.id, patient_id: report.patient_id };
  const observation = { id: randomUUID(), identity: 'i', status: 'final', content: '{"values":[]}', digest: 'd' };
  const code = { effective_at: before(60), local_system: 'l', local_code: 'K', is_parked: false };
  const due = { conclusive_at: before(60), forced_at: before(20), release_at: before(20) };
  await insert('observations', { ...of, ...observation, ...code, is_critical: true, ...due });
  const alert = { id: randomUUID(), country_code: 'fr', observation_id: observation.id, report_version: 1 };
  await insert('critical_alerts', { ...of, ...alert, practitioner_id: randomUUID(), raised_at: before(20) });
}

function tickOnce(told: string[], at = now): Promise<number> {
  const append = async (events: readonly { event: { type: string } }[]) =>
    void told.push(...events.map(({ event }) => event.type));
  const lanes = lanesOf(contexts, append, {});
  return tick(tickingServer({ db: contexts.cron, lanes, now: () => at, limits: minuteLimits }), at);
}

const RELEASED = 'careflow.lab-result.released.v1';
const ESCALATED = 'careflow.critical-result.escalated.v1';

it('a critical result is escalated however long the release of others takes', async () => {
  const stuck = await reportDue(30);
  await alertDue(await reportDue(20));
  const told: string[] = [];
  await admin.query('BEGIN');
  await admin.query('SELECT FROM laboratory.reports WHERE id = $1 FOR UPDATE', [stuck.id]);
  const answer = tickOnce(told);
  await until(() => told.includes(ESCALATED), { what: 'the escalation to be told', timeoutMs: 5_000 });
  await admin.query('ROLLBACK');
  expect(await answer).toBe(204);
  expect(told.filter((type) => type === RELEASED)).toHaveLength(2);
});

it('a report that fails holds up no other, and the task is told as failed', async () => {
  const broken = await reportDue(30);
  for (const minutes of [20, 10]) await reportDue(minutes);
  await admin.query(`CREATE FUNCTION laboratory.break() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE 'broken'; END $$`);
  await admin.query(`CREATE TRIGGER broken BEFORE UPDATE ON laboratory.reports FOR EACH ROW
    WHEN (new.id = '${broken.id}') EXECUTE FUNCTION laboratory.break()`);
  const told: string[] = [];
  expect(await tickOnce(told)).toBe(503);
  expect(told).toEqual([RELEASED, RELEASED]);
  await admin.query('DROP FUNCTION laboratory.break CASCADE');
  expect(await tickOnce(told, now.add({ minutes: 1 }))).toBe(204);
  expect(told).toHaveLength(3);
});
