import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { addProxy } from '../../support/practices.ts';
import { bearer, codesIn, type Known, type Lab, openLab, oru, type Oru } from './world.ts';

const staff = bearer('staff', 'staff');

let lab: Lab;
let patient: Known;
let practitionerId: string;
beforeAll(async () => {
  lab = await openLab();
  [patient, practitionerId] = [await lab.addKnown(), await lab.addPractitioner()];
});
afterAll(async () => {
  await lab.close();
});

async function pour(message: Partial<Oru>): Promise<string> {
  const order = message.order ?? randomUUID();
  expect(codesIn(await lab.send(oru({ ...patient, ...message, order })))).toEqual(['AA']);
  await lab.drain();
  const [row] = await lab.rows<{ id: string }>('SELECT id FROM laboratory.reports WHERE filler_order = $1', [order]);
  return row?.id ?? '';
}

const get = (path: string, as: string, accept?: string) =>
  lab.call('GET', path, as, accept === undefined ? {} : { headers: { accept } });

describe('who reads a report', () => {
  it('is its patient, who acts for them, who ordered it and the office', async () => {
    const id = await pour({ orderedBy: practitionerId });
    const [proxy, stranger] = [(await lab.addKnown()).patientId, (await lab.addKnown()).patientId];
    await addProxy(lab.admin, patient.patientId, proxy);
    const statusFor = async (as: string) => [
      (await get(`/fr/results/${id}`, as)).statusCode,
      (await get(`/fr/patients/${patient.patientId}/results`, as)).statusCode,
    ];
    expect(await statusFor(bearer('patient', patient.patientId))).toEqual([200, 200]);
    expect(await statusFor(bearer('patient', proxy))).toEqual([200, 200]);
    expect(await statusFor(bearer('practitioner', practitionerId))).toEqual([200, 200]);
    expect(await statusFor(staff)).toEqual([200, 200]);
    expect(await statusFor(bearer('patient', stranger))).toEqual([404, 403]);
    expect(await statusFor(bearer('patient', 'nobody'))).toEqual([404, 403]);
    expect(await statusFor(bearer('patient', patient.patientId, 'de'))).toEqual([403, 403]);
    const others = (await get(`/fr/patients/${patient.patientId}/results`, bearer('practitioner'))).json();
    expect(others.items).toEqual([]);
    expect((await get(`/fr/results/${id}`, bearer('practitioner'))).statusCode).toBe(404);
    expect((await get(`/de/results/${id}`, bearer('admin', 'admin', ''))).statusCode).toBe(403);
  });

  it('is its patient under an id in capitals, who says so when to be shown results', async () => {
    const [as, path] = [bearer('patient', patient.patientId), `/fr/patients/${patient.patientId.toUpperCase()}`];
    expect((await get(`${path}/results`, as)).statusCode).toBe(200);
    const payload = { preference: 'as-advised' };
    expect((await lab.call('PUT', `${path}/result-preference`, as, { payload })).statusCode).toBe(200);
  });

  it('is a practitioner who was alerted to something in it, though somebody else ordered it', async () => {
    await lab.call('PUT', '/fr/duty-clinician', staff, { payload: { practitionerId } });
    const id = await pour({ observations: [{ value: '7.9', flag: 'HH' }] });
    const as = bearer('practitioner', practitionerId);
    expect((await get(`/fr/results/${id}`, as)).json()).toMatchObject({ releasedAt: null, heldBecause: ['critical'] });
    const { items } = (await get(`/fr/patients/${patient.patientId}/results`, as)).json();
    expect(items.map((one: { id: string }) => one.id)).toContain(id);
  });
});

describe('the results of a patient', () => {
  it('are the newest first, a page at a time, and none twice while others come', async () => {
    const own = await lab.addKnown();
    const add = (day: number) => pour({ ...own, changedAt: `203102${10 + day}100000+0100` });
    const ids: string[] = [];
    for (let day = 0; day < 7; day += 1) ids.unshift(await add(day));
    const as = bearer('patient', own.patientId);
    const read: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor === '' ? '?limit=3' : `?limit=3&cursor=${cursor}`;
      const page = (await get(`/fr/patients/${own.patientId}/results${query}`, as)).json();
      read.push(...page.items.map(({ id }: { id: string }) => id));
      if (read.length === 3) await add(9);
      cursor = page.nextCursor;
    }
    expect(read).toEqual(ids);
    const bad = await get(
      `/fr/patients/${own.patientId}/results?cursor=${Buffer.from('x y').toString('base64url')}`,
      as,
    );
    expect(bad.statusCode).toBe(400);
  });

  it('are those of one analyte where it is named, with their ranges', async () => {
    const own = await lab.addKnown();
    const sodium = { code: '2951-2^Sodium^LN', value: '139', range: '136-145' };
    await pour({ ...own, changedAt: '20310301100000+0100', observations: [{ value: '4.0' }, sodium] });
    await pour({ ...own, changedAt: '20310302100000+0100', observations: [{ value: '4.4', range: '<5' }] });
    await pour({ ...own, changedAt: '20310303100000+0100', observations: [sodium] });
    const { items } = (
      await get(`/fr/patients/${own.patientId}/results?analyte=2823-3`, bearer('patient', own.patientId))
    ).json();
    const seen = items.flatMap((item: { observations: object[] }) => item.observations);
    expect(seen).toMatchObject([
      { values: [{ number: '4.4' }], referenceRanges: [{ text: '<5', high: { number: '5', inclusive: false } }] },
      { values: [{ number: '4.0' }], referenceRanges: [{ low: { number: '3.5' }, high: { number: '5.1' } }] },
    ]);
  });
});

describe('a report', () => {
  it('is read as FHIR R4 where that is asked for', async () => {
    const id = await pour({ observations: [{ value: '5.10', flag: 'H' }] });
    const as = bearer('patient', patient.patientId);
    const read = await get(`/fr/results/${id}`, as, 'application/fhir+json');
    expect(read.headers['content-type']).toBe('application/fhir+json; charset=utf-8');
    expect(read.payload).toContain('"value":5.10');
    const [report, observation] = read.json().entry.map(({ resource }: { resource: object }) => resource);
    expect(report).toMatchObject({ resourceType: 'DiagnosticReport', id, status: 'final', meta: { versionId: '2' } });
    expect(report.subject.reference).toBe(`Patient/${patient.patientId}`);
    expect(report.result[0].reference).toContain(observation.id);
    expect(observation).toMatchObject({
      resourceType: 'Observation',
      status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: '2823-3' }] },
      valueQuantity: { value: 5.1, code: 'mmol/L', system: 'http://unitsofmeasure.org' },
      interpretation: [{ coding: [{ code: 'H' }] }],
      referenceRange: [{ low: { value: 3.5 }, high: { value: 5.1 }, text: '3.5-5.1' }],
    });
    expect((await get(`/fr/results/${id}`, as)).headers['etag']).toBe('"2"');
  });

  it('gives its PDF to the byte to whoever sees it, as nothing that a browser would run', async () => {
    const pdf = Buffer.from('%PDF-1.7\n\0\xff binary', 'latin1');
    const embedded = (kind: string, bytes: Buffer) => ({
      type: 'ED',
      code: `${kind}^Report^L`,
      value: `^${kind}^${kind === 'TEXT' ? 'html' : 'pdf'}^Base64^${bytes.toString('base64')}`,
      unit: '',
      range: '',
    });
    const id = await pour({ observations: [embedded('application', pdf), embedded('TEXT', Buffer.from('<script>'))] });
    const as = bearer('patient', patient.patientId);
    const { documents } = (await get(`/fr/results/${id}`, as)).json();
    const [first, second] = documents.toSorted((one: { contentType: string }, other: { contentType: string }) =>
      one.contentType < other.contentType ? -1 : 1,
    );
    const read = await get(`/fr/results/${id}/documents/${first.id}`, as);
    expect([read.headers['content-type'], read.rawPayload.equals(pdf)]).toEqual(['application/pdf', true]);
    expect(read.headers['x-content-type-options']).toBe('nosniff');
    const html = await get(`/fr/results/${id}/documents/${second.id}`, as);
    expect([html.headers['content-type'], html.headers['content-disposition']]).toEqual([
      'application/octet-stream',
      'attachment',
    ]);
    const other = await pour({});
    expect((await get(`/fr/results/${other}/documents/${first.id}`, as)).statusCode).toBe(404);
    expect((await get(`/fr/results/${id}/documents/${first.id}`, bearer('patient'))).statusCode).toBe(404);
  });
});

describe('months of messages', () => {
  it('have partitions ahead, and another is made once, with what had come for it', async () => {
    const partitions = async () =>
      (
        await lab.rows<{ name: string }>(
          "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'laboratory.messages'::regclass ORDER BY 1",
        )
      ).map(({ name }) => name);
    expect(await partitions()).toHaveLength(5);
    lab.setTime('2032-07-31T23:59:59.999Z');
    await pour({});
    lab.setTime('2032-08-01T00:00:00Z');
    await pour({});
    const inOther = () => lab.rows('SELECT FROM laboratory.messages_other WHERE received_at >= $1', ['2032-01-01']);
    expect(await inOther()).toHaveLength(2);
    const made = await Promise.all([1, 2].map(() => lab.db.execute("SELECT laboratory.create_month('2032-07-14')")));
    expect(made.filter(({ rows }) => rows[0]?.['create_month'] === true)).toHaveLength(1);
    expect(await partitions()).toContain('laboratory.messages_2032_07');
    expect(await lab.rows('SELECT FROM laboratory.messages_2032_07')).toHaveLength(1);
    expect(await inOther()).toHaveLength(1);
  });
});
