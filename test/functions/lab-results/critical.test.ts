import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { escalateCriticalResults } from '../../../functions/cron/escalate-critical-results.ts';
import { releaseResults } from '../../../functions/cron/release-results.ts';
import { mustHaveSomebody } from '../../../shared/db/critical-alerts.ts';
import { taskContext } from '../cron/tick.ts';
import { bundle } from './samples.ts';
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

/** A minute of the cron, at the time of the clock. */
async function tick(): Promise<void> {
  await escalateCriticalResults(lab.db).run(taskContext({ now: lab.now() }));
  await releaseResults(lab.db).run(taskContext({ now: lab.now() }));
}

/** What was told of the patient, as `raised` or `escalated 2`. */
async function told(): Promise<string[]> {
  const events = (await lab.told()).filter(({ data }) => data['patientId'] === patient.patientId);
  return events.map(({ type, data }) =>
    [type.split('.')[2], ...(typeof data['step'] === 'number' ? [data['step']] : [])].join(' '),
  );
}

async function alerts(as = bearer('practitioner', practitionerId)) {
  const answer = await lab.call('GET', '/fr/critical-results?limit=100', as);
  return answer.json().items.filter((one: { patientId: string }) => one.patientId === patient.patientId);
}

async function acknowledge(id: string, as = bearer('practitioner', practitionerId)) {
  return lab.call('POST', `/fr/critical-results/${id}/acknowledge`, as);
}

const critical = { observations: [{ value: '6.8', flag: 'HH' }] };

describe('a critical result', () => {
  it.each([
    ['HH', '6.0'],
    ['LL', '3.0'],
    ['AA', '6.0'],
    ['H', '6.2'],
    ['', '2.8'],
    ['CRIT^^L^HH^^HL70078', '6.0'],
  ])('alerts who ordered it at once: flag "%s", %s mmol/L', async (flag, value) => {
    await pour({ observations: [{ flag, value }] });
    expect(await told()).toEqual(['raised']);
    const event = (await lab.told()).findLast(({ data }) => data['patientId'] === patient.patientId);
    expect(event?.data).toMatchObject({ practitionerId, raisedAt: MORNING, country: 'fr' });
    expect(JSON.stringify(event)).not.toContain(value);
    expect(await alerts()).toMatchObject([{ patientId: patient.patientId, step: 0, acknowledgedAt: null }]);
  });

  it.each([
    ['A', '6.1'],
    ['', '2.9'],
  ])('is none short of that: flag "%s", %s mmol/L', async (flag, value) => {
    await pour({ observations: [{ flag, value }] });
    expect(await told()).toEqual(['released']);
  });

  it.each([
    ['glucose in mmol/L', { code: '14749-6^Glucose^LN', value: '27.0' }],
    ['calcium in mmol/L', { code: '2000-8^Calcium^LN', value: '1.60' }],
    ['glucose in mmol/L under the code of mg/dL', { code: '2345-7^Glucose^LN', value: '2.5' }],
    ['platelets in 10*9/L', { code: '777-3^Platelets^LN', value: '30', unit: '10*9/L^^UCUM' }],
    ['haemoglobin in g/L', { code: '718-7^Hemoglobin^LN', value: '60', unit: 'g/L' }],
    ['potassium in mmol/l', { value: '7.1', unit: 'mmol/l' }],
    ['potassium in mmol/l, as UCUM', { value: '7.1', unit: 'mmol/l^^UCUM' }],
    ['potassium in a unit of the laboratory’s own that says mmol/L', { value: '7.1', unit: 'mmol/L^^L' }],
    ['potassium in a unit of the laboratory’s own that is shown so', { value: '7.1', unit: '17^mmol/L^L' }],
    ['potassium in mEq/L', { value: '7.1', unit: 'mEq/L' }],
    ['sodium in meq/L', { code: '2951-2^Sodium^LN', value: '118', unit: 'meq/L' }],
    ['a number that is sent as text', { type: 'ST', value: '> 6.5' }],
  ])('is told by its limits: %s', async (_, observation) => {
    await pour({ observations: [observation] });
    expect(await told()).toEqual(['raised']);
  });

  it.each([
    { unit: 'mmol/L', code: 'mmol/l', system: 'http://unitsofmeasure.org' },
    { unit: 'mmol/l' },
    { unit: 'mEq/L', code: 'mEq/L', system: 'http://unitsofmeasure.org' },
  ])('is told by its limits in FHIR: %j', async (unit) => {
    const answer = await lab.send(bundle({ ...patient, value: '7.1', unit }), 'application/fhir+json');
    expect(answer.statusCode).toBe(202);
    await lab.drain();
    const [report] = await lab.results(patient.patientId, staff);
    expect(report).toMatchObject({ heldBecause: ['critical'], observations: [{ isCritical: true }] });
  });

  it('commits with its alert and the event that tells of it, or not at all', async () => {
    await pour(critical);
    const [row] = await lab.rows<{ same: boolean }>(
      `SELECT count(DISTINCT xmin) = 1 AS same FROM (
        SELECT a.xmin::text FROM laboratory.critical_alerts a WHERE a.patient_id = $1
        UNION ALL SELECT o.xmin::text FROM laboratory.observations o WHERE o.patient_id = $1
        UNION ALL SELECT e.xmin::text FROM laboratory.outbox e WHERE e.partition_key = $1::text) AS writes`,
      [patient.patientId],
    );
    expect(row).toEqual({ same: true });
  });

  it('escalates after 15, 30 and 60 minutes, once each, and no further', async () => {
    await pour(critical);
    const heard: string[][] = [];
    for (const minutes of [14, 1, 0, 14, 1, 29, 1, 240]) {
      lab.pass({ minutes });
      await tick();
      heard.push((await told()).slice(1));
    }
    const [one, two, three] = ['escalated 1', 'escalated 2', 'escalated 3'];
    expect(heard).toEqual([[], [one], [one], [one], [one, two], [one, two], [one, two, three], [one, two, three]]);
  });

  it('takes the step that is due when ticks were missed, and two ticks at once take it once', async () => {
    await pour(critical);
    lab.pass({ minutes: 31 });
    await Promise.all([tick(), tick()]);
    expect(await told()).toEqual(['raised', 'escalated 2']);
  });

  it('is escalated no more once it is acknowledged, and acknowledged once', async () => {
    await pour(critical);
    const [alert] = await alerts();
    lab.pass({ minutes: 5 });
    const answers = await Promise.all([acknowledge(alert.id), acknowledge(alert.id)]);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
    expect(answers[0]?.json().acknowledgedAt).toBe('2031-03-03T09:05:00Z');
    lab.pass({ minutes: 120 });
    await tick();
    expect(await told()).toEqual(['raised', 'acknowledged', 'released']);
    expect(await alerts()).toEqual([]);
  });

  it('is nobody’s to acknowledge but who was told, who is on duty and the office', async () => {
    await pour(critical);
    const [alert] = await alerts();
    const strangers = [bearer('practitioner', randomUUID()), bearer('practitioner', 'nobody')];
    for (const stranger of strangers) expect((await acknowledge(alert.id, stranger)).statusCode).toBe(404);
    expect((await acknowledge(alert.id, bearer('patient', patient.patientId))).statusCode).toBe(403);
    expect((await acknowledge(randomUUID())).statusCode).toBe(404);
    expect((await acknowledge(alert.id, staff)).statusCode).toBe(200);
  });

  it('is shown to and acknowledged by who stands in for whom it was told to, while they do', async () => {
    await pour(critical);
    const [{ id, reportId }] = await alerts();
    const colleagueId = await lab.addPractitioner();
    const colleague = bearer('practitioner', colleagueId);
    const until = '2031-03-03T09:10:00Z';
    await lab.rows(
      `INSERT INTO practitioner.stand_ins (country_code, practitioner_id, stand_in_id, valid_from, valid_until)
        VALUES ('fr', $1, $2, $3, $4)`,
      [practitionerId, colleagueId, MORNING, until],
    );
    expect(await alerts(colleague)).toMatchObject([{ id }]);
    expect((await lab.call('GET', `/fr/results/${reportId}`, colleague)).statusCode).toBe(200);
    lab.setTime(until);
    expect(await alerts(colleague)).toEqual([]);
    expect((await acknowledge(id, colleague)).statusCode).toBe(404);
    lab.setTime(MORNING);
    expect((await acknowledge(id, colleague)).statusCode).toBe(200);
  });

  it('stays with everybody who was told when somebody else is told as well', async () => {
    const [colleagueId, onDutyId, nextOnDutyId] = [
      await lab.addPractitioner(),
      await lab.addPractitioner(),
      await lab.addPractitioner(),
    ];
    await lab.rows(
      `INSERT INTO practitioner.stand_ins (country_code, practitioner_id, stand_in_id, valid_from) VALUES ('fr', $1, $2, $3)`,
      [practitionerId, colleagueId, MORNING],
    );
    const nameOnDuty = (id: string) =>
      lab.call('PUT', '/fr/duty-clinician', staff, { payload: { practitionerId: id } });
    await nameOnDuty(onDutyId);
    await pour(critical);
    const [{ id, reportId }] = await alerts();
    lab.pass({ minutes: 31 });
    await tick();
    await nameOnDuty(nextOnDutyId);
    lab.pass({ minutes: 30 });
    await tick();
    expect(await told()).toEqual(['raised', 'escalated 2', 'escalated 3']);
    for (const who of [practitionerId, colleagueId, onDutyId, nextOnDutyId]) {
      const as = bearer('practitioner', who);
      expect(await alerts(as)).toMatchObject([{ id, practitionerId: nextOnDutyId }]);
      expect((await lab.call('GET', `/fr/results/${reportId}`, as)).statusCode).toBe(200);
      expect(await lab.results(patient.patientId, as)).toMatchObject([{ id: reportId }]);
    }
    expect((await acknowledge(id, bearer('practitioner', onDutyId))).statusCode).toBe(200);
    await lab.rows('DELETE FROM laboratory.duty_clinicians');
  });

  it('that confirms one that was told of is no news; another value is', async () => {
    const order = randomUUID();
    const at = (hour: number) => `203103031${hour}0000+0100`;
    await pour({
      order,
      changedAt: at(0),
      reportStatus: 'P',
      observations: [{ value: '6.8', flag: 'HH', status: 'P' }],
    });
    await pour({ order, changedAt: at(1), observations: [{ value: '6.8', flag: 'HH' }] });
    expect(await told()).toEqual(['raised']);
    await pour({
      order,
      changedAt: at(2),
      reportStatus: 'C',
      observations: [{ value: '7.4', flag: 'HH', status: 'C' }],
    });
    expect(await told()).toEqual(['raised', 'raised']);
    expect(await alerts()).toHaveLength(1);
  });

  it('corrected to an ordinary one is alerted to no more', async () => {
    const order = randomUUID();
    await pour({ order, changedAt: '20310303100000+0100', ...critical });
    const [alert] = await alerts();
    await pour({
      order,
      changedAt: '20310303110000+0100',
      reportStatus: 'C',
      observations: [{ value: '4.4', status: 'C' }],
    });
    lab.pass({ minutes: 61 });
    await tick();
    expect((await told()).filter((what) => what.startsWith('escalated'))).toEqual([]);
    expect((await acknowledge(alert.id)).statusCode).toBe(409);
  });

  it('that nobody of ours ordered is told to who is on duty, as soon as somebody is', async () => {
    await lab.rows('DELETE FROM laboratory.duty_clinicians');
    await pour({ ...critical, orderedBy: '10101234567^Garance' });
    await tick();
    expect(await told()).toEqual([]);
    const payload = { practitionerId };
    expect((await lab.call('PUT', '/fr/duty-clinician', staff, { payload })).statusCode).toBe(200);
    await tick();
    await tick();
    expect(await told()).toEqual(['raised']);
    expect(await alerts()).toHaveLength(1);
    await lab.rows('DELETE FROM laboratory.duty_clinicians');
  });

  it('that nobody could be told of is told to who ordered it, as soon as that is known', async () => {
    const order = randomUUID();
    const preliminary = { value: '6.8', flag: 'HH', status: 'P' };
    await pour({ order, orderedBy: '', reportStatus: 'P', observations: [preliminary] });
    await tick();
    expect(await told()).toEqual([]);
    await pour({ order, changedAt: '20310303110000+0100', ...critical });
    expect(await told()).toEqual(['raised']);
    expect(await alerts()).toMatchObject([{ practitionerId, step: 0 }]);
    lab.pass({ minutes: 15 });
    await tick();
    expect(await told()).toEqual(['raised', 'escalated 1']);
  });

  it('that nobody can be told of makes the lack of a duty clinician known', async () => {
    const isWell = () =>
      mustHaveSomebody(lab.db).then(
        () => true,
        () => false,
      );
    await lab.rows('DELETE FROM laboratory.duty_clinicians');
    await lab.rows('UPDATE laboratory.critical_alerts SET closed_at = now() WHERE practitioner_id IS NULL');
    expect(await isWell()).toBe(true);
    await pour({ ...critical, orderedBy: '' });
    expect(await isWell()).toBe(false);
    await lab.call('PUT', '/fr/duty-clinician', staff, { payload: { practitionerId } });
    expect(await isWell()).toBe(true);
    await lab.rows('DELETE FROM laboratory.duty_clinicians');
  });

  it('is told to who is on duty from the second step on', async () => {
    const onDuty = await lab.addPractitioner();
    await lab.call('PUT', '/fr/duty-clinician', staff, { payload: { practitionerId: onDuty } });
    await pour(critical);
    lab.pass({ minutes: 30 });
    await tick();
    const event = (await lab.told()).findLast(({ data }) => data['patientId'] === patient.patientId);
    expect(event?.data).toMatchObject({ step: 2, practitionerId: onDuty });
    await lab.rows('DELETE FROM laboratory.duty_clinicians');
  });
});

describe('a result that is held', () => {
  async function sees(as = bearer('patient', patient.patientId)): Promise<number> {
    return (await lab.results(patient.patientId, as)).length;
  }

  it('is in no route, no message and no export of its patient until it is released', async () => {
    const order = randomUUID();
    const value = `^application^pdf^Base64^${Buffer.from('%PDF-1.7 held').toString('base64')}`;
    const pdf = { type: 'ED', code: 'PDF^Report^L', value, unit: '', range: '' };
    await pour({ order, observations: [...critical.observations, pdf] });
    const [report] = await lab.results(patient.patientId, staff);
    expect(report).toMatchObject({ heldBecause: ['critical'], releaseAt: '2031-03-04T09:00:00Z', releasedAt: null });
    const document = report?.documents[0]?.id;
    const exported = async () => {
      const text = await lab.exported(patient.patientId);
      return ['"6.8"', Buffer.from('%PDF-1.7 held').toString('hex')].map((held) => text.includes(held));
    };
    const asked = async () => {
      const paths = [`results/${report?.id}`, `results/${report?.id}/documents/${document}`];
      const mine = bearer('patient', patient.patientId);
      const answers = await Promise.all(paths.map((path) => lab.call('GET', `/fr/${path}`, mine)));
      const accept = { headers: { accept: 'application/fhir+json' } };
      const lists = [`?analyte=2823-3`, ''].map((query) =>
        lab.call('GET', `/fr/patients/${patient.patientId}/results${query}`, mine, accept),
      );
      return [
        ...answers.map(({ statusCode }) => statusCode),
        ...(await Promise.all(lists)).map((answer) => answer.json().entry.length),
        ...(await exported()),
      ];
    };
    expect(await asked()).toEqual([404, 404, 0, 0, false, false]);
    lab.pass({ hours: 23, minutes: 59 });
    await tick();
    expect(await asked()).toEqual([404, 404, 0, 0, false, false]);
    expect(await told()).not.toContain('released');
    lab.pass({ minutes: 1 });
    await tick();
    expect(await asked()).toEqual([200, 200, 2, 3, true, true]);
    expect((await told()).filter((what) => what === 'released')).toHaveLength(1);
  });

  it('is released when the clinician has acknowledged what is critical', async () => {
    await pour(critical);
    const [alert] = await alerts();
    expect(await sees()).toBe(0);
    await acknowledge(alert.id);
    expect(await sees()).toBe(1);
  });

  it('is one of a kind that waits for a clinician, who may end that', async () => {
    await pour({ section: 'SP' });
    const [report] = await lab.results(patient.patientId, staff);
    expect(report).toMatchObject({ heldBecause: ['category'], releaseAt: '2031-03-06T09:00:00Z' });
    expect(await sees()).toBe(0);
    const review = (as: string) => lab.call('POST', `/fr/results/${report?.id}/review`, as);
    expect((await review(bearer('practitioner', randomUUID()))).statusCode).toBe(404);
    expect((await review(bearer('practitioner', practitionerId))).json()).toMatchObject({ releasedAt: MORNING });
    expect(await sees()).toBe(1);
    expect(await told()).toEqual(['released']);
  });

  it('follows what its patient prefers, within the rule of its kind', async () => {
    const prefer = (preference: string) =>
      lab.call('PUT', `/fr/patients/${patient.patientId}/result-preference`, bearer('patient', patient.patientId), {
        payload: { preference },
      });
    expect((await prefer('after-review')).statusCode).toBe(200);
    await pour({});
    expect(await lab.results(patient.patientId, staff)).toMatchObject([{ heldBecause: ['preference'] }]);
    await prefer('at-once');
    await pour({ section: 'VR' });
    await pour({ section: 'GE' });
    expect(await sees()).toBe(1);
    lab.pass({ hours: 72 });
    await tick();
    expect(await sees()).toBe(3);
  });

  it('is released by the office at once, unless the laboratory has not said its last word', async () => {
    const release = async (order: string) => {
      const report = (await lab.results(patient.patientId, staff)).find(({ fillerOrder }) => fillerOrder === order);
      return lab.call('POST', `/fr/results/${report?.id}/release`, staff);
    };
    await pour({ order: 'genetic', section: 'GE' });
    expect((await release('genetic')).json()).toMatchObject({ releasedAt: MORNING });
    expect((await release('genetic')).statusCode).toBe(200);
    expect(await told()).toEqual(['released']);
    await pour({ order: 'open', reportStatus: 'P', observations: [{ status: 'P' }] });
    expect((await release('open')).statusCode).toBe(409);
    expect(await sees()).toBe(1);
  });

  it('says ever after why it was held, and until when', async () => {
    await pour({ section: 'SP' });
    lab.pass({ hours: 72 });
    await tick();
    const kept = await lab.rows(
      `SELECT d.held_because, d.release_at::text FROM laboratory.release_decisions d JOIN laboratory.reports r ON r.id = d.report_id
       WHERE r.patient_id = $1`,
      [patient.patientId],
    );
    expect(kept).toEqual([{ held_because: ['category'], release_at: expect.stringContaining('2031-03-06') }]);
  });

  it('is what is critical alone where the rest of its report was seen', async () => {
    const order = randomUUID();
    await pour({ order });
    await pour({ order, observations: [{ code: '2951-2^Sodium^LN', value: '165', flag: 'HH' }] });
    const seen = async () => (await lab.results(patient.patientId))[0]?.observations.map(({ loinc }) => loinc);
    expect(await seen()).toEqual(['2823-3']);
    const [alert] = await alerts();
    await acknowledge(alert.id);
    expect(await seen()).toEqual(['2823-3', '2951-2']);
    expect(await told()).toEqual(['released', 'raised', 'acknowledged', 'released']);
  });
});
