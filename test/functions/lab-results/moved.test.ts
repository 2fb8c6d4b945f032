import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { releaseResults } from '../../../functions/cron/release-results.ts';
import { taskContext } from '../cron/tick.ts';
import { bearer, codesIn, type Known, type Lab, MORNING, type Obx, openLab, oru, type Oru } from './world.ts';

const staff = bearer('staff', 'staff');

let lab: Lab;
let patient: Known;
let order: string;
let onDutyId: string;
beforeAll(async () => {
  lab = await openLab();
});
beforeEach(async () => {
  lab.setTime(MORNING);
  order = randomUUID();
  [patient, onDutyId] = [await lab.addKnown(), await lab.addPractitioner()];
  await lab.call('PUT', '/fr/duty-clinician', staff, { payload: { practitionerId: onDutyId } });
});
afterAll(async () => {
  await lab.close();
});

const onDuty = () => bearer('practitioner', onDutyId);
const services = ['CHEM^Chemistry^L', 'BMP^Metabolic^L'];

/** What is said in an hour, under a heading of its own. */
async function say(hour: number, observation: Obx, more: Partial<Oru> = {}): Promise<void> {
  const changedAt = `203103031${hour}0000+0100`;
  const said = { ...patient, order, changedAt, service: services[hour % 2] ?? '', observations: [observation] };
  expect(codesIn(await lab.send(oru({ ...said, ...more })))).toEqual(['AA']);
  await lab.drain();
}

async function told(): Promise<string[]> {
  const events = (await lab.told()).filter(({ data }) => data['patientId'] === patient.patientId);
  return events.map(({ type }) => type.split('.')[2] ?? '');
}

async function seen(as = bearer('patient', patient.patientId)): Promise<unknown[]> {
  const shown = await lab.results(patient.patientId, as);
  return shown.flatMap(({ observations }) => observations.flatMap(({ values }) => values.map(({ number }) => number)));
}

async function alerts() {
  const { items } = (await lab.call('GET', '/fr/critical-results?limit=100', onDuty())).json();
  return items.filter((one: { patientId: string }) => one.patientId === patient.patientId);
}

const high = { value: '7.1', flag: 'HH' };

describe('a result that is said under another heading', () => {
  it.each([[[0, 1]], [[1, 0]]])('stays alerted to, read and released where it is: order %s', async (hours) => {
    for (const hour of hours) await say(hour, high);
    const [alert] = await alerts();
    expect(await alerts()).toHaveLength(1);
    const read = await lab.call('GET', `/fr/results/${alert.reportId}`, onDuty());
    expect(read.json().observations).toMatchObject([{ values: [{ number: '7.1' }] }]);
    expect([await seen(), await seen(staff)]).toEqual([[], ['7.1']]);
    const acknowledged = await lab.call('POST', `/fr/critical-results/${alert.id}/acknowledge`, onDuty());
    expect(acknowledged.statusCode).toBe(200);
    expect(await seen()).toEqual(['7.1']);
    expect(await told()).toEqual(['raised', 'acknowledged', 'released']);
    const released = (await lab.told()).findLast(({ data }) => data['patientId'] === patient.patientId);
    expect(released?.data).toMatchObject({ reportId: alert.reportId });
    expect(await lab.results(patient.patientId)).toHaveLength(1);
  });

  it('ends in the same state in whatever order it comes', async () => {
    const state = async () => {
      const shown = await lab.results(patient.patientId, staff);
      return JSON.stringify(shown.toSorted((one, other) => (one.id < other.id ? -1 : 1)));
    };
    const ends: string[] = [];
    for (const hours of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0, 1],
    ]) {
      for (const hour of hours) await say(hour, hour === 2 ? { value: '4.4', status: 'P' } : high);
      ends.push(await state());
      await lab.rows('DELETE FROM laboratory.reports WHERE patient_id = $1', [patient.patientId]);
    }
    expect(new Set(ends).size).toBe(1);
  });

  it.each([[[0, 1]], [[1, 0]]])('is held as it would be under the stricter of them: order %s', async (hours) => {
    for (const hour of hours) await say(hour, {}, { section: hour === 0 ? 'GE' : '' });
    expect(await seen()).toEqual([]);
    lab.pass({ hours: 72 });
    await releaseResults(lab.db).run(taskContext({ now: lab.now() }));
    expect(await seen()).toEqual(['4.2']);
  });

  it('is not held for what another report of its order was said to be at another time', async () => {
    await say(0, { code: '2951-2^Sodium^LN' }, { section: 'GE' });
    await say(1, {});
    expect(await seen()).toEqual(['4.2']);
  });

  it('is told of as corrected and as taken back by who has read it', async () => {
    await say(0, {});
    await say(1, { value: '4.9', status: 'C' });
    expect([await seen(), await told()]).toEqual([['4.9'], ['released', 'corrected']]);
    await say(2, { value: '4.9', status: 'W' });
    expect([await seen(), await told()]).toEqual([[], ['released', 'corrected', 'retracted']]);
  });

  it('is told of as taken back though it was hidden under the one before', async () => {
    await say(0, {});
    await say(1, { ...high, status: 'C' });
    expect([await seen(), await told()]).toEqual([[], ['released', 'raised']]);
    await say(2, { ...high, status: 'W' });
    expect([await seen(), await told()]).toEqual([[], ['released', 'raised', 'retracted']]);
  });

  it('leaves nothing behind to be told of', async () => {
    await say(0, high);
    await say(1, high, { reportStatus: 'F' });
    lab.pass({ hours: 100 });
    await releaseResults(lab.db).run(taskContext({ now: lab.now() }));
    expect(await told()).toEqual(['raised', 'released']);
    expect(await lab.results(patient.patientId)).toHaveLength(1);
  });
});
