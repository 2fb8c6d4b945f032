import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { releaseResults } from '../../../functions/cron/release-results.ts';
import { connectDatabase } from '../../../shared/db/client.ts';
import { isAnyReleased } from '../../../shared/db/released-reports.ts';
import { taskContext } from '../cron/tick.ts';
import {
  bearer,
  codesIn,
  type Known,
  type Lab,
  MORNING,
  openLab,
  oru,
  type Obx,
  type Oru,
  potassium,
} from './world.ts';

const staff = bearer('staff', 'staff');
const sodium = '2951-2^Sodium^LN';
const calcium = '17861-6^Calcium^LN';

let lab: Lab;
let patient: Known;
let order: string;
beforeAll(async () => {
  lab = await openLab();
});
beforeEach(async () => {
  lab.setTime(MORNING);
  [patient, order] = [await lab.addKnown(), randomUUID()];
});
afterAll(async () => {
  await lab.close();
});

const asPatient = () => bearer('patient', patient.patientId);
const atHour = (hour: number) =>
  `${Temporal.Instant.from(MORNING)
    .add({ hours: hour })
    .toString()
    .replaceAll(/[-:TZ]/g, '')}+0000`;

/** What a laboratory says of the order so many hours after the morning. */
async function say(hour: number, observations: readonly Obx[], more: Partial<Oru> = {}): Promise<void> {
  lab.setTime(Temporal.Instant.from(MORNING).add({ hours: hour }).toString());
  const said = { section: 'GE', changedAt: atHour(hour), sentAt: atHour(hour), ...more };
  expect(codesIn(await lab.send(oru({ ...patient, order, observations, ...said })))).toEqual(['AA']);
  await lab.drain();
}

/** A minute of the cron so many hours after the morning, or some minutes before that. */
async function tickAt(hours: number, minutes = 0): Promise<void> {
  lab.setTime(Temporal.Instant.from(MORNING).add({ hours }).subtract({ minutes }).toString());
  await releaseResults(lab.db).run(taskContext({ now: lab.now() }));
}

async function report(as = asPatient()) {
  const [shown] = await lab.results(patient.patientId, as);
  return shown;
}

async function seen(): Promise<unknown[]> {
  return ((await report())?.observations ?? []).map(({ loinc }) => loinc);
}

async function told(): Promise<string[]> {
  const events = (await lab.told()).filter(({ data }) => data['patientId'] === patient.patientId);
  return events.map(({ type }) => type.split('.')[2] ?? '');
}

function pdf(text: string): Obx {
  const value = `^application^pdf^Base64^${Buffer.from(`%PDF-1.7 ${text}`).toString('base64')}`;
  return { type: 'ED', code: 'PDF^Report^L', value, unit: '', range: '' };
}

describe('a result that is held', () => {
  it('is seen when its own time has come, however much is added to its report', async () => {
    await say(0, [{ code: potassium }]);
    for (const [index, hour] of [20, 40, 60, 70].entries())
      await say(hour, [{ code: sodium, value: String(140 + index), status: index === 0 ? 'F' : 'C' }]);
    await tickAt(72, 1);
    expect(await report()).toBeUndefined();
    await tickAt(72);
    expect(await seen()).toEqual(['2823-3']);
    expect(await told()).toEqual(['released']);
    await tickAt(92, 1);
    expect(await seen()).toEqual(['2823-3']);
    await tickAt(92);
    expect(await seen()).toEqual(['2823-3', '2951-2']);
    expect(await told()).toEqual(['released', 'released']);
  });

  it('hides nothing that is seen, and is in no route of its patient until its time', async () => {
    await say(0, [{ code: potassium }]);
    await tickAt(72);
    await say(80, [{ code: sodium, value: '143.7' }, pdf('held')]);
    await say(81, [{ code: calcium, value: '2.1', status: 'P' }]);
    const paths = [
      `results/${(await report())?.id}`,
      `patients/${patient.patientId}/results`,
      `patients/${patient.patientId}/results?analyte=2823-3`,
      `patients/${patient.patientId}/results?analyte=2951-2`,
    ];
    const read = async (accept: string) => {
      const answers = paths.map((path) => lab.call('GET', `/fr/${path}`, asPatient(), { headers: { accept } }));
      return (await Promise.all(answers)).map(({ payload }) => [payload.includes('4.2'), payload.includes('143.7')]);
    };
    const documents = (await report(staff))?.documents ?? [];
    const document = `/fr/results/${(await report())?.id}/documents/${documents[0]?.id}`;
    for (const accept of ['application/json', 'application/fhir+json']) {
      expect(await read(accept)).toEqual([...Array(3).fill([true, false]), [false, false]]);
    }
    expect((await lab.call('GET', document, asPatient())).statusCode).toBe(404);
    expect(await report()).toMatchObject({ releaseAt: null, heldBecause: [], documents: [] });
    expect(await report(staff)).toMatchObject({
      releasedAt: '2031-03-06T09:00:00Z',
      releaseAt: '2031-03-09T17:00:00Z',
      heldBecause: ['not-final', 'category'],
    });
    await tickAt(152);
    expect((await read('application/json')).map(([, isRead]) => isRead)).toEqual([true, true, false, true]);
    expect((await lab.call('GET', document, asPatient())).statusCode).toBe(200);
    expect(await told()).toEqual(['released', 'released']);
  });

  it('is one of several with times and reasons of their own, which whoever treats the patient sees', async () => {
    await say(0, [{ code: potassium }]);
    await say(1, [{ code: sodium, value: '170', flag: 'HH' }]);
    await say(2, [{ code: calcium, value: '2.1', status: 'P' }]);
    const shown = (await report(staff))?.observations.map(({ releaseAt, heldBecause }) => [releaseAt, ...heldBecause]);
    expect(shown).toEqual([
      [null, 'not-final'],
      ['2031-03-06T09:00:00Z', 'category'],
      ['2031-03-06T10:00:00Z', 'category', 'critical'],
    ]);
    const kept = await lab.rows(
      `SELECT o.loinc, d.held_because FROM laboratory.release_decisions d
         JOIN laboratory.observations o ON o.id = d.observation_id
       WHERE o.patient_id = $1 ORDER BY d.seq`,
      [patient.patientId],
    );
    expect(kept).toEqual([
      { loinc: '2823-3', held_because: ['category'] },
      { loinc: '2951-2', held_because: ['category', 'critical'] },
      { loinc: '17861-6', held_because: ['not-final'] },
    ]);
  });

  it.each([[[0, 1]], [[1, 0]]])('is of the kind that was said with it or before it: order %s', async (messages) => {
    const ordered = [
      () => say(0, [{ code: potassium }], { section: 'CH' }),
      () => say(1, [{ code: sodium, value: '140' }], { section: 'VR' }),
    ];
    for (const index of messages) await ordered[index]?.();
    expect(await seen()).toEqual(['2823-3']);
    await say(2, [{ code: calcium, value: '2.1' }], { section: 'CH' });
    expect(await seen()).toEqual(['2823-3']);
    await say(3, [{ code: potassium, value: '4.4', status: 'C' }], { section: 'CH' });
    expect(await seen()).toEqual(['2823-3']);
    await say(4, [{ code: potassium, value: '4.4', status: 'C' }], { section: 'GE' });
    expect(await seen()).toEqual([]);
  });

  it('is told of as long as anything of its report can be seen', async () => {
    const reader = connectDatabase(lab.urlFor('careflow_laboratory_reader'), { applicationName: 'test' });
    await say(0, [{ code: potassium }], { section: 'VR' });
    const { id = '' } = (await report(staff)) ?? {};
    expect(await isAnyReleased(reader, 'fr', [id])).toBe(false);
    await tickAt(24);
    await say(25, [{ code: sodium, value: '170', flag: 'HH' }], { section: 'VR' });
    expect(await isAnyReleased(reader, 'fr', [id])).toBe(true);
    await reader.$client.end();
  });
});

describe('a document', () => {
  it('waits with what is critical that it may tell of, and not with what came after it', async () => {
    const routine = { section: 'CH' };
    await say(0, [{ code: potassium }, pdf('first')], routine);
    expect((await report())?.documents).toHaveLength(1);
    await say(1, [{ code: sodium, value: '170', flag: 'HH' }, pdf('first')], routine);
    expect((await report())?.documents).toHaveLength(1);
    await say(2, [{ ...pdf('second'), status: 'C' }], routine);
    expect((await report())?.documents).toEqual([]);
    expect(await seen()).toEqual(['2823-3']);
    await tickAt(25);
    expect((await report())?.documents).toHaveLength(1);
    expect(await seen()).toEqual([null, '2823-3', '2951-2']);
  });

  it('of another report waits for nothing', async () => {
    await say(0, [{ code: potassium, value: '7.1', flag: 'HH' }], { section: 'CH' });
    order = randomUUID();
    await say(1, [pdf('other')], { section: 'CH' });
    expect((await report())?.documents).toHaveLength(1);
  });
});

describe('what a patient prefers by now', () => {
  it('takes back nothing that they see, and holds what is added', async () => {
    const prefer = (preference: string) =>
      lab.call('PUT', `/fr/patients/${patient.patientId}/result-preference`, asPatient(), { payload: { preference } });
    await prefer('at-once');
    await say(0, [{ code: potassium }], { section: 'VR' });
    expect(await seen()).toEqual(['2823-3']);
    await prefer('after-review');
    await say(1, [{ code: sodium, value: '140' }], { section: 'VR' });
    await say(2, [{ code: sodium, value: '141', status: 'C' }], { section: 'VR' });
    expect(await seen()).toEqual(['2823-3']);
    expect(await report(staff)).toMatchObject({ heldBecause: ['category', 'preference'] });
  });
});
