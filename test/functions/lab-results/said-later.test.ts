import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { escalateCriticalResults } from '../../../functions/cron/escalate-critical-results.ts';
import { replayMappedCodes } from '../../../functions/cron/replay-mapped-codes.ts';
import { releaseResults } from '../../../functions/cron/release-results.ts';
import { taskContext } from '../cron/tick.ts';
import { requestOf } from '../event-request.ts';
import { submitted, submittedData } from './samples.ts';
import { bearer, codesIn, type Known, type Lab, MORNING, openLab, oru, type Oru } from './world.ts';

const staff = bearer('staff', 'staff');

let lab: Lab;
let patient: Known;
let practitionerId: string;
beforeAll(async () => {
  lab = await openLab();
});
beforeEach(async () => {
  lab.setTime(MORNING);
  [patient, practitionerId] = [await lab.addKnown(), await lab.addPractitioner()];
});
afterAll(async () => {
  await lab.close();
});

async function pour(message: Partial<Oru>): Promise<void> {
  expect(codesIn(await lab.send(oru({ ...patient, orderedBy: practitionerId, ...message })))).toEqual(['AA']);
  await lab.drain();
}

/** What was told of the patient. */
async function told(): Promise<string[]> {
  const events = (await lab.told()).filter(({ data }) => data['patientId'] === patient.patientId);
  return events.map(({ type }) => type.split('.')[2] ?? '');
}

async function openAlerts(): Promise<{ id: string }[]> {
  const answer = await lab.call('GET', '/fr/critical-results?limit=100', bearer('practitioner', practitionerId));
  return answer.json().items.filter((one: { patientId: string }) => one.patientId === patient.patientId);
}

async function report(as = staff) {
  const [shown] = await lab.results(patient.patientId, as);
  return shown;
}

/** The numbers that the patient reads. */
async function seen(): Promise<unknown[]> {
  const shown = await lab.results(patient.patientId);
  return shown.flatMap(({ observations }) => observations.flatMap(({ values }) => values.map(({ number }) => number)));
}

const at = (hour: number) => `203103031${hour}0000+0100`;
const local = (code: string, value: string, flag = '') => ({ code: `${code}^Kalium^L`, value, flag });

async function map(code: string): Promise<number> {
  const { items } = (await lab.call('GET', '/fr/lab-codes?limit=100', staff)).json();
  const { id } = items.find((one: { code: string }) => one.code === code);
  return (await lab.call('POST', `/fr/lab-codes/${id}/map`, staff, { payload: { loinc: '2823-3' } })).statusCode;
}

describe('an alert', () => {
  it('stays open when the code of what it is about is mapped', async () => {
    const code = randomUUID().slice(0, 8);
    await pour({ observations: [local(code, '6.9', 'HH')] });
    const open = await openAlerts();
    expect(open).toHaveLength(1);
    expect(await map(code)).toBe(200);
    expect(await openAlerts()).toEqual(open);
    expect(await told()).toEqual(['raised']);
    lab.pass({ minutes: 15 });
    await escalateCriticalResults(lab.db).run(taskContext({ now: lab.now() }));
    expect(await told()).toEqual(['raised', 'escalated']);
  });

  it.each<[string, [string, string, string][]]>([
    [
      'taken back',
      [
        ['7.0', 'HH', 'F'],
        ['7.0', 'HH', 'W'],
        ['7.0', 'HH', 'F'],
      ],
    ],
    [
      'corrected',
      [
        ['7.0', 'HH', 'C'],
        ['4.0', '', 'C'],
        ['7.0', 'HH', 'C'],
      ],
    ],
  ])('is raised again for a value that is given again after it was %s', async (_, versions) => {
    const order = randomUUID();
    const open: number[] = [];
    for (const [hour, [value, flag, status]] of versions.entries()) {
      const observations = [{ value, flag, status }];
      await pour({ order, changedAt: at(hour), reportStatus: 'C', observations });
      await pour({ order, changedAt: at(hour), reportStatus: 'C', observations });
      open.push((await openAlerts()).length);
    }
    expect(open).toEqual([1, 0, 1]);
    expect((await told()).filter((what) => what === 'raised')).toHaveLength(2);
  });
});

describe('a patient', () => {
  it('reads no value that its laboratory does not stand by any more', async () => {
    const order = randomUUID();
    await pour({ order, changedAt: at(0), observations: [{ value: '6.11' }] });
    await pour({ order, changedAt: at(1), reportStatus: 'P', observations: [{ value: '5.22', status: 'P' }] });
    const shown = await report(bearer('patient', patient.patientId));
    expect(shown?.observations).toMatchObject([{ status: 'preliminary', isWithdrawn: true, values: [], former: [] }]);
    for (const accept of ['application/json', 'application/fhir+json']) {
      for (const path of [`results/${shown?.id}`, `patients/${patient.patientId}/results?analyte=2823-3`]) {
        const mine = bearer('patient', patient.patientId);
        const { statusCode, payload } = await lab.call('GET', `/fr/${path}`, mine, { headers: { accept } });
        expect([statusCode, payload.includes('6.11'), payload.includes('5.22')]).toEqual([200, false, false]);
      }
    }
    expect((await report())?.observations).toMatchObject([{ values: [{ number: '5.22' }], isWithdrawn: false }]);
    expect(await told()).toEqual(['released', 'retracted']);
    await pour({ order, changedAt: at(2), reportStatus: 'C', observations: [{ value: '5.33', status: 'C' }] });
    expect((await report(bearer('patient', patient.patientId)))?.observations).toMatchObject([
      { values: [{ number: '5.33' }], former: [{ values: [{ number: '6.11' }] }] },
    ]);
    expect(await told()).toEqual(['released', 'retracted', 'released']);
  });

  it('finds in an export what they read, and nothing of what is preliminary, parked or withdrawn', async () => {
    const [order, code] = [randomUUID(), randomUUID().slice(0, 8)];
    const sodium = { code: '2951-2^Sodium^LN', value: '141.5' };
    const has = async (...values: string[]) => {
      const text = await lab.exported(patient.patientId);
      return values.filter((value) => text.includes(`"${value}"`));
    };
    const all = ['141.5', '5.11', '5.22', '4.44'];
    const chloride = (value: string, status: string) => ({ code: '2075-0^Chloride^LN', value, status });
    await pour({ order, changedAt: at(0), observations: [sodium, chloride('5.11', 'P'), local(code, '4.44')] });
    expect(await has(...all)).toEqual(['141.5']);
    expect(await map(code)).toBe(200);
    expect(await has(...all)).toEqual(['141.5', '4.44']);
    await pour({ order, changedAt: at(1), observations: [chloride('5.22', 'F')] });
    expect(await has(...all)).toEqual(['141.5', '5.22', '4.44']);
    await pour({
      order,
      changedAt: at(2),
      reportStatus: 'C',
      observations: [{ ...sodium, value: '142.5', status: 'C' }],
    });
    expect(await has('141.5', '142.5')).toEqual(['141.5', '142.5']);
    await pour({ order, changedAt: at(3), reportStatus: 'C', observations: [chloride('5.22', 'W')] });
    expect(await has('142.5', '5.22')).toEqual(['142.5']);
    await pour({ order, changedAt: at(4), reportStatus: 'X', observations: [] });
    expect(await has(...all, '142.5')).toEqual([]);
  });

  it('reads the conclusion and the documents of a report when they are final', async () => {
    const data = submittedData({ mrn: patient.mrn });
    const documents = [{ contentType: 'application/pdf', data: Buffer.from('%PDF-1.7 first').toString('base64') }];
    const submit = async (status: string, statusChangedAt: string) => {
      const said = { status, statusChangedAt, documents, notes: ['The conclusion'] };
      const reports = data.reports.map((one) => ({ ...one, ...said }));
      const event = { specversion: '1.0', id: randomUUID(), source: '/lab', type: submitted } as const;
      const controlId = randomUUID();
      expect(await lab.deliver(requestOf({ ...event, time: MORNING, data: { ...data, controlId, reports } }))).toBe(
        204,
      );
    };
    const read = async (as: string) => {
      const shown = await report(as);
      const [document] = (await report())?.documents ?? [];
      const { statusCode } = await lab.call('GET', `/fr/results/${shown?.id}/documents/${document?.id}`, as);
      return [JSON.stringify(shown).includes('The conclusion'), shown?.documents.length, statusCode];
    };
    await submit('preliminary', '2031-03-03T10:00:00+01:00');
    expect(await read(bearer('patient', patient.patientId))).toEqual([false, 0, 404]);
    expect(await read(staff)).toEqual([true, 1, 200]);
    await submit('final', '2031-03-03T11:00:00+01:00');
    expect(await read(bearer('patient', patient.patientId))).toEqual([true, 1, 200]);
    expect(await told()).toEqual(['released', 'released']);
  });

  it.each(['R', 'A', 'P'])('is not told that a report is taken back when more is to come: %s', async (reportStatus) => {
    const order = randomUUID();
    await pour({ order, changedAt: at(0) });
    await pour({ order, changedAt: at(1), reportStatus });
    expect(await told()).toEqual(['released']);
    expect((await report(bearer('patient', patient.patientId)))?.observations).toMatchObject([{ isWithdrawn: false }]);
  });
});

describe('what comes after a decision', () => {
  const sodium = { code: '2951-2^Sodium^LN', value: '140' };

  const review = async () =>
    lab.call('POST', `/fr/results/${(await report())?.id}/review`, bearer('practitioner', practitionerId));
  const release = async () => lab.call('POST', `/fr/results/${(await report())?.id}/release`, staff);

  it('is held by itself though a clinician had looked before', async () => {
    const order = randomUUID();
    await pour({ order, section: 'VR', changedAt: at(0) });
    await review();
    expect(await seen()).toEqual(['4.2']);
    lab.pass({ hours: 1 });
    await pour({ order, section: 'VR', changedAt: at(1), observations: [sodium] });
    expect(await seen()).toEqual(['4.2']);
    expect(await report()).toMatchObject({ heldBecause: ['category'], releaseAt: '2031-03-04T10:00:00Z' });
    await review();
    expect(await seen()).toEqual(['4.2', '140']);
    expect(await report()).toMatchObject({ heldBecause: [], releaseAt: null });
    expect(await told()).toEqual(['released', 'released']);
  });

  it('is seen at once where it corrects what was seen', async () => {
    const order = randomUUID();
    await pour({ order, section: 'VR', changedAt: at(0) });
    await review();
    lab.pass({ hours: 1 });
    const observations = [{ value: '4.9', status: 'C' }];
    await pour({ order, section: 'VR', changedAt: at(1), reportStatus: 'C', observations });
    expect(await seen()).toEqual(['4.9']);
    expect(await told()).toEqual(['released', 'corrected']);
  });

  it('is told of where it takes back what was seen, corrected and taken back in turn', async () => {
    const order = randomUUID();
    await pour({ order, section: 'VR', changedAt: at(0) });
    await review();
    expect([await seen(), await told()]).toEqual([['4.2'], ['released']]);
    await pour({ order, section: 'VR', changedAt: at(1), observations: [{ value: '4.9', status: 'C' }] });
    expect([await seen(), await told()]).toEqual([['4.9'], ['released', 'corrected']]);
    await pour({ order, section: 'VR', changedAt: at(2), observations: [{ value: '4.9', status: 'W' }] });
    expect([await seen(), await told()]).toEqual([[], ['released', 'corrected', 'retracted']]);
  });

  it.each(['CH', 'VR'])('is told of once where what was seen is hidden when it is taken back: %s', async (section) => {
    const order = randomUUID();
    const say = (hour: number, value: string, status: string, flag = '') =>
      pour({ order, section, changedAt: at(hour), observations: [{ value, status, flag }] });
    await say(0, '4.2', 'F');
    await release();
    await say(1, '6.9', 'C', 'HH');
    expect([await seen(), await told()]).toEqual([[], ['released', 'raised']]);
    await say(2, '6.9', 'W', 'HH');
    expect([await seen(), await told()]).toEqual([[], ['released', 'raised', 'retracted']]);
    await say(3, '7.0', 'C', 'HH');
    await say(4, '7.0', 'W', 'HH');
    lab.pass({ hours: 100 });
    await releaseResults(lab.db).run(taskContext({ now: lab.now() }));
    expect([await seen(), await told()]).toEqual([[], ['released', 'raised', 'retracted', 'raised']]);
  });

  it('is told of where a report is taken back of which something was seen and is hidden', async () => {
    const order = randomUUID();
    await pour({ order, changedAt: at(0) });
    await pour({ order, changedAt: at(1), observations: [{ value: '6.9', status: 'C', flag: 'HH' }] });
    await pour({ order, changedAt: at(2), reportStatus: 'X', observations: [] });
    expect([await seen(), await told()]).toEqual([[], ['released', 'raised', 'retracted']]);
  });

  it('waits for a clinician where it corrects what was seen to something critical', async () => {
    const order = randomUUID();
    await pour({ order, changedAt: at(0), observations: [{}, sodium] });
    await release();
    lab.pass({ hours: 100 });
    const observations = [{ value: '6.9', flag: 'HH', status: 'C' }];
    await pour({ order, changedAt: at(1), reportStatus: 'C', observations });
    expect(await seen()).toEqual(['140']);
    expect(await report()).toMatchObject({ heldBecause: ['critical'], releaseAt: '2031-03-08T13:00:00Z' });
    expect(await told()).toEqual(['released', 'raised']);
    lab.pass({ hours: 24 });
    await releaseResults(lab.db).run(taskContext({ now: lab.now() }));
    expect(await seen()).toEqual(['6.9', '140']);
    expect(await told()).toEqual(['released', 'raised', 'released']);
  });

  it('is not released by an office that released what was there', async () => {
    const order = randomUUID();
    await pour({ order, section: 'GE', changedAt: at(0) });
    await release();
    expect(await seen()).toEqual(['4.2']);
    await pour({ order, section: 'GE', changedAt: at(1), observations: [{ ...sodium, value: '170', flag: 'HH' }] });
    expect(await seen()).toEqual(['4.2']);
    expect(await report()).toMatchObject({ heldBecause: ['category', 'critical'] });
    expect(await openAlerts()).toHaveLength(1);
    expect((await release()).statusCode).toBe(200);
    expect(await seen()).toEqual(['4.2', '170']);
  });

  it('is not released either where a code turns out to mean something critical', async () => {
    const [order, code] = [randomUUID(), randomUUID().slice(0, 8)];
    await pour({ order, observations: [sodium, local(code, '6.9')] });
    await release();
    expect(await seen()).toEqual(['140']);
    expect(await map(code)).toBe(200);
    expect(await seen()).toEqual(['140']);
    expect(await report()).toMatchObject({ heldBecause: ['critical'] });
  });

  it('is shown at once where it is of a kind that nothing holds', async () => {
    const order = randomUUID();
    await pour({ order, changedAt: at(0) });
    lab.pass({ hours: 1 });
    await pour({ order, changedAt: at(1), observations: [sodium] });
    expect((await report(bearer('patient', patient.patientId)))?.observations).toHaveLength(2);
  });
});

describe('a report', () => {
  it.each([[[0, 1]], [[1, 0]]])('is held as the strictest that was said of it: order %s', async (hours) => {
    const order = randomUUID();
    for (const hour of hours) await pour({ order, changedAt: at(hour), section: hour === 0 ? 'GE' : '' });
    expect(await report()).toMatchObject({ category: 'genetic', heldBecause: ['category'], releasedAt: null });
  });

  it.each([[[0, 1, 2]], [[2, 0, 1]], [[2, 1, 0]], [[1, 0, 2]], [[1, 2, 0]]])(
    'is whose the newest that says so says it is: order %s',
    async (hours) => {
      const [order, colleague] = [randomUUID(), await lab.addPractitioner()];
      const ordering = [practitionerId, colleague, ''];
      for (const hour of hours) await pour({ order, changedAt: at(hour), orderedBy: ordering[hour] ?? '' });
      expect(await report()).toMatchObject({ practitionerId: colleague });
    },
  );
});

describe('a code', () => {
  it('that many reports wait for gives the first of them at once and the others by and by, wherever it was stopped', async () => {
    const code = randomUUID().slice(0, 8);
    const message = oru({ ...patient, observations: [local(code, '4.4')] }).split('\r');
    const [obr = '', obx = ''] = message.filter((segment) => /^OB[RX]/.test(segment));
    const orders = Array.from({ length: 150 }, (_, index) => `${obr.replace(/^OBR\|1\|\|/, `$&${index}-`)}\r${obx}\r`);
    expect(codesIn(await lab.send(`${message.slice(0, 2).join('\r')}\r${orders.join('')}`))).toEqual(['AA']);
    await lab.drain();
    const waiting = async () => {
      const [row] = await lab.rows<{ waiting: number; transactions: number }>(
        `SELECT count(*) FILTER (WHERE is_parked)::integer AS waiting,
          count(DISTINCT xmin::text) FILTER (WHERE NOT is_parked)::integer AS transactions
         FROM laboratory.observations WHERE local_code = $1`,
        [code],
      );
      return [row?.waiting, row?.transactions];
    };
    expect(await waiting()).toEqual([150, 0]);
    expect(await map(code)).toBe(200);
    expect(await waiting()).toEqual([50, 100]);
    const stopped = new AbortController();
    stopped.abort();
    const replay = (signal?: AbortSignal) =>
      replayMappedCodes(lab.db).run(taskContext({ now: lab.now(), ...(signal && { signal }) }));
    await replay(stopped.signal);
    expect(await waiting()).toEqual([50, 100]);
    await Promise.all([replay(), replay()]);
    expect(await waiting()).toEqual([0, 150]);
    expect(await replay()).toBe(0);
    const released = (await lab.told()).filter(
      ({ type, data }) => /released/.test(type) && data['patientId'] === patient.patientId,
    );
    expect(released).toHaveLength(150);
  });

  it('is mapped while results under it come, and neither waits for the other in a circle', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [order, code] = [randomUUID(), randomUUID().slice(0, 8)];
      await pour({ order, changedAt: at(0), observations: [local(code, '4.4')] });
      await lab.send(oru({ ...patient, order, changedAt: at(1), observations: [local(code, '4.5')] }));
      const record = lab.log.records.at(-1);
      if (!record) throw new Error('no record');
      expect(await Promise.all([lab.deliverOnce(record), map(code)])).toEqual([204, 200]);
      await lab.drain();
      const shown = (await lab.results(patient.patientId)).find(({ fillerOrder }) => fillerOrder === order);
      expect(shown?.observations).toMatchObject([{ loinc: '2823-3', values: [{ number: '4.5' }] }]);
    }
  });
});
