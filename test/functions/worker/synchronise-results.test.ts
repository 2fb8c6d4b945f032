import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { lanesOf } from '../../../functions/cron/lanes.ts';
import { releaseResults } from '../../../functions/cron/release-results.ts';
import { requestResultSynchronisation } from '../../../functions/cron/request-synchronisation.ts';
import { runJob } from '../../../functions/worker/run-job.ts';
import { synchronise } from '../../../functions/worker/synchronise.ts';
import { SynchronisationRequested } from '../../../schemas/events/jobs.v1.ts';
import { connectDatabase, type Database } from '../../../shared/db/client.ts';
import { bringInStep } from '../../../shared/db/due-results.ts';
import { shareReleasePreference } from '../../../shared/db/release-preferences.ts';
import { cronOutbox } from '../../../shared/db/schema/cron.ts';
import { openRedis } from '../../../shared/redis/client.ts';
import { until } from '../../support/until.ts';
import { taskContext } from '../cron/tick.ts';
import { bearer, type Known, type Lab, MORNING, openLab, oru, type Oru } from '../lab-results/world.ts';

const staff = bearer('staff', 'staff');

let lab: Lab;
let patient: Known;
let cron: Database;
let worker: Database;
const redis = openRedis('redis://127.0.0.1:1');
beforeAll(async () => {
  lab = await openLab();
  const connect = (role: string) => connectDatabase(lab.urlFor(role), { applicationName: 'test' });
  [cron, worker] = [connect('careflow_cron'), connect('careflow_worker')];
});
beforeEach(async () => {
  lab.setTime(MORNING);
  patient = await lab.addKnown();
});
afterAll(async () => {
  redis.disconnect();
  await Promise.all([cron, worker].map(({ $client }) => $client.end()));
  await lab.close();
});

const asPatient = () => bearer('patient', patient.patientId);

async function pour(message: Partial<Oru> = {}): Promise<void> {
  await lab.send(oru({ ...patient, section: 'VR', ...message }));
  await lab.drain();
}

const prefer = async (preference: string) =>
  lab.call('PUT', `/fr/patients/${patient.patientId}/result-preference`, asPatient(), { payload: { preference } });

/** A minute of the cron, and the jobs that it asks for. @returns how many those were. */
async function minute(): Promise<number> {
  lab.pass({ minutes: 1 });
  await requestResultSynchronisation(cron, lab.db).run(taskContext({ now: lab.now() }));
  const asked = await cron.delete(cronOutbox).returning();
  const deps = { db: worker, contexts: { laboratory: lab.db }, practitioners: lab.db, redis, now: lab.now };
  const run = runJob(deps, SynchronisationRequested, synchronise(deps));
  for (const { event } of asked) {
    const data = SynchronisationRequested.data.parse(event.data);
    await run({ ...event, type: SynchronisationRequested.type, data }, taskContext());
  }
  return asked.length;
}

const sees = async () => (await lab.results(patient.patientId)).length;
const held = async () =>
  (await lab.results(patient.patientId, staff)).map(({ heldBecause, releaseAt }) => [releaseAt, ...heldBecause]);

describe('results that are held', () => {
  it('are shown within a minute to a patient who wants to see them at once, and told of', async () => {
    await pour();
    await pour({ section: 'GE' });
    expect([await sees(), await minute()]).toEqual([0, 0]);
    await prefer('at-once');
    expect(await minute()).toBe(1);
    expect(await sees()).toBe(1);
    expect(await minute()).toBe(0);
    const told = (await lab.told()).filter(({ data }) => data['patientId'] === patient.patientId);
    expect(told).toMatchObject([{ type: 'careflow.lab-result.released.v1' }]);
  });

  it('wait longer for a patient who wants a clinician to look first, and what is seen stays', async () => {
    await pour();
    lab.pass({ hours: 24 });
    await releaseResults(lab.db).run(taskContext({ now: lab.now() }));
    await pour({ order: randomUUID() });
    await prefer('after-review');
    await minute();
    expect(await sees()).toBe(1);
    expect(await held()).toContainEqual(['2031-03-07T09:00:00Z', 'category', 'preference']);
  });

  it('are brought in step so many at a time, each once', async () => {
    for (let count = 0; count < 3; count += 1) await pour();
    await prefer('at-once');
    const during = { ...taskContext(), now: lab.now() };
    const steps: number[][] = [];
    for (let round = 0; round < 3; round += 1) steps.push([await bringInStep(lab.db, during, 2), await sees()]);
    expect(steps).toEqual([
      [2, 2],
      [1, 3],
      [0, 3],
    ]);
    expect(await minute()).toBe(0);
  });

  it('leave seen what was released while they waited to be brought in step', async () => {
    const order = randomUUID();
    await pour({ order });
    const during = { ...taskContext(), now: lab.now() };
    lab.pass({ seconds: 10 });
    const sodium = { code: '2951-2^Sodium^LN', value: '140', range: '135-145' };
    await pour({ order, section: 'CH', changedAt: '20310303090000+0100', observations: [sodium] });
    const seen = async () => (await lab.results(patient.patientId)).map(({ observations }) => observations.length);
    expect(await seen()).toEqual([1]);
    await prefer('after-review');
    expect([await bringInStep(lab.db, during, 2), await seen()]).toEqual([1, [1]]);
  });

  it('are in step whoever was deciding while their patient changed their mind', async () => {
    for (let round = 0; round < 5; round += 1) {
      await lab.send(oru({ ...patient, section: 'VR' }));
      await Promise.all([lab.drain(), prefer(round % 2 === 0 ? 'at-once' : 'as-advised')]);
    }
    await minute();
    expect(await sees()).toBe(5);
  });

  it('are out of step only when whoever decides by the former preference has committed', async () => {
    const order: string[] = [];
    const { promise: deciding, resolve: isDeciding } = Promise.withResolvers<void>();
    const { promise: decided, resolve: mayCommit } = Promise.withResolvers<void>();
    const decision = lab.db.transaction(async (tx) => {
      await shareReleasePreference(tx, patient.patientId);
      isDeciding();
      await decided;
      order.push('decided');
    });
    await deciding;
    const change = prefer('at-once').then(() => order.push('changed'));
    const waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'";
    await until(async () => (await lab.rows(waiting)).length > 0, { what: 'the change to wait' });
    mayCommit();
    await Promise.all([decision, change]);
    expect(order).toEqual(['decided', 'changed']);
  });

  it('are asked about every minute by the cron', () => {
    const names = lanesOf(
      {
        booking: cron,
        practitioner: cron,
        notification: cron,
        laboratory: cron,
        homekit: cron,
        patient: cron,
        worker,
        cron,
      },
      async () => undefined,
      {},
    ).flatMap((lane) => lane.map(({ name, every }) => `${name} every ${every}`));
    expect(names).toContain('request-results-synchronisation every minute');
  });
});
