import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { addKit } from '../homekit/world.ts';
import { bundle, submitted, submittedData, submittedEvent } from './samples.ts';
import { requestOf } from '../event-request.ts';
import { bearer, codesIn, type Known, type Lab, MORNING, openLab, oru, type Oru, recordOf } from './world.ts';

const staff = bearer('staff', 'staff');

let lab: Lab;
let patient: Known;
let offset = 0;
beforeAll(async () => {
  lab = await openLab();
  patient = await lab.addKnown();
});
afterAll(async () => {
  await lab.close();
});

/** Sends and applies. */
async function pour(message: Partial<Oru>): Promise<void> {
  expect(codesIn(await lab.send(oru({ ...patient, ...message })))).toEqual(['AA']);
  await lab.drain();
}

async function reportOf(order: string, as?: string) {
  return (await lab.results(patient.patientId, as)).find(({ fillerOrder }) => fillerOrder === order);
}

async function eventsOf(order: string): Promise<string[]> {
  const [row] = await lab.rows<{ id: string }>('SELECT id FROM laboratory.reports WHERE filler_order = $1', [order]);
  const told = await lab.told();
  return told.filter(({ data }) => data['reportId'] === row?.id).map(({ type }) => type.split('.')[2] ?? '');
}

async function waiting(controlId: string): Promise<{ id: string; reason: string; details: string[] }[]> {
  const { items } = (await lab.call('GET', '/fr/lab-quarantine?limit=100', staff)).json();
  return items.filter((one: { controlId: string }) => one.controlId === controlId);
}

const at = (hour: number) => `203103031${hour}0000+0100`;
const said = (value: string, status: string) => [{ value, status }];

describe('what is said of a result later', () => {
  it('takes the place of what was said before, which stays readable', async () => {
    const order = randomUUID();
    await pour({ order, reportStatus: 'F', changedAt: at(0), observations: said('6.1', 'F') });
    await pour({ order, reportStatus: 'C', changedAt: at(1), observations: said('4.1', 'C') });
    const report = await reportOf(order);
    expect(report).toMatchObject({ status: 'corrected', version: 4 });
    expect(report?.observations).toMatchObject([
      { status: 'corrected', values: [{ number: '4.1' }], former: [{ status: 'final', values: [{ number: '6.1' }] }] },
    ]);
    expect(await eventsOf(order)).toEqual(['released', 'corrected']);
  });

  it('does not, when it is older: that is only kept', async () => {
    const order = randomUUID();
    await pour({ order, changedAt: at(1), observations: said('4.1', 'C'), reportStatus: 'C' });
    await pour({ order, changedAt: at(0), observations: said('6.1', 'F') });
    const [observation] = (await reportOf(order))?.observations ?? [];
    expect(observation).toMatchObject({ values: [{ number: '4.1' }], former: [{ values: [{ number: '6.1' }] }] });
    expect(await eventsOf(order)).toEqual(['released']);
  });

  it('shows a patient final words only, and no preliminary ones before', async () => {
    const order = randomUUID();
    await pour({ order, changedAt: at(0), reportStatus: 'P', observations: said('6.1', 'P') });
    expect(await reportOf(order)).toBeUndefined();
    expect(await reportOf(order, staff)).toMatchObject({ heldBecause: ['not-final'], releasedAt: null });
    await pour({ order, changedAt: at(1), observations: said('5.9', 'F') });
    expect((await reportOf(order))?.observations).toMatchObject([{ values: [{ number: '5.9' }], former: [] }]);
    expect((await reportOf(order, staff))?.observations[0]?.former).toMatchObject([{ status: 'preliminary' }]);
    expect(await eventsOf(order)).toEqual(['released']);
  });

  it.each(['W', 'D'])('retracts what the patient saw when it is %s, and the patient is told', async (status) => {
    const order = randomUUID();
    await pour({ order, changedAt: at(0), observations: said('6.1', 'F') });
    await pour({ order, changedAt: at(1), reportStatus: 'C', observations: said('6.1', status) });
    const shown = await reportOf(order);
    expect(shown?.observations).toMatchObject([
      { isWithdrawn: true, status: 'entered-in-error', values: [], former: [] },
    ]);
    expect(JSON.stringify(shown)).not.toContain('6.1');
    expect((await reportOf(order, staff))?.observations).toMatchObject([{ former: [{ values: [{ number: '6.1' }] }] }]);
    expect(await eventsOf(order)).toEqual(['released', 'retracted']);
  });

  it('takes a whole report back with all that hangs on it', async () => {
    const order = randomUUID();
    await pour({ order, changedAt: at(0), observations: said('6.1', 'F') });
    await pour({ order, changedAt: at(1), reportStatus: 'X', observations: [] });
    expect((await reportOf(order))?.observations).toMatchObject([{ isWithdrawn: true, values: [] }]);
    expect(await eventsOf(order)).toEqual(['released', 'retracted']);
  });

  it('tells of results that come to a report which the patient sees already', async () => {
    const order = randomUUID();
    await pour({ order, changedAt: at(0) });
    await pour({ order, changedAt: at(1), observations: [{ code: '2951-2^Sodium^LN', value: '140' }] });
    expect((await reportOf(order))?.observations).toHaveLength(2);
    expect(await eventsOf(order)).toEqual(['released', 'released']);
  });

  it('is not final for a status that no standard has', async () => {
    const order = randomUUID();
    await pour({ order, reportStatus: 'P', observations: said('6.1', 'I') });
    expect(await reportOf(order)).toBeUndefined();
    expect((await reportOf(order, staff))?.observations).toMatchObject([{ status: 'unknown' }]);
  });
});

describe('the right patient', () => {
  it.each([
    ['another birth date', { birthDate: '19850413' }, ['birth-date-differs']],
    ['no birth date', { birthDate: '' }, ['birth-date-missing']],
    ['another sex', { sex: 'M' }, ['sex-differs']],
    ['a number nobody has', { mrn: 'nobody' }, ['nobody-found']],
  ])('is nobody for a message with %s: it is put aside and shown to nobody', async (_, wrong, details) => {
    const [order, controlId] = [randomUUID(), randomUUID().slice(0, 18)];
    await pour({ ...wrong, order, controlId });
    expect(await reportOf(order, staff)).toBeUndefined();
    expect(await waiting(controlId)).toMatchObject([{ reason: 'wrong-patient', details }]);
    expect(await eventsOf(order)).toEqual([]);
    expect(await lab.rows('SELECT FROM laboratory.reports WHERE filler_order = $1', [order])).toEqual([]);
  });

  it('is not another one for an order that was somebody’s', async () => {
    const other = await lab.addKnown();
    const [order, controlId] = [randomUUID(), randomUUID().slice(0, 18)];
    await pour({ order });
    await pour({ ...other, order, controlId });
    expect(await lab.results(other.patientId)).toEqual([]);
    expect(await waiting(controlId)).toMatchObject([{ details: ['order-of-another'] }]);
  });

  /** A kit that the patient has registered. */
  async function addOwnKit({ patientId }: Known) {
    const kit = await addKit({ admin: lab.admin });
    await lab.rows(
      `INSERT INTO homekit.test_kit_registrations
        VALUES ($1, 'fr', $1, $2, $3, '2030-03', 1, 'registered', NULL, NULL, now(), now())`,
      [patientId, kit.code, kit.id],
    );
    const held =
      "UPDATE homekit.test_kits SET status = 'registered', patient_id = $1, registration_id = $1 WHERE id = $2";
    await lab.rows(held, [patientId, kit.id]);
    return kit;
  }

  it('is of the home test kit that its specimen came in, also where somebody has said whose it is', async () => {
    const owner = await lab.addKnown();
    const kit = await addOwnKit(owner);
    const controlId = randomUUID().slice(0, 18);
    await pour({ ...owner, mrn: '', sex: 'M', controlId, barcode: kit.barcode });
    const [aside] = await waiting(controlId);
    const payload = { patientId: owner.patientId };
    const path = `/fr/lab-quarantine/${aside?.id}/release`;
    expect((await lab.call('POST', path, staff, { payload })).statusCode).toBe(200);
    expect((await lab.told()).at(-1)).toMatchObject({ data: { testKitId: kit.id, patientId: owner.patientId } });
  });

  it('is found by the barcode of a home test kit, whose result this is then', async () => {
    const kit = await addOwnKit(patient);
    const [order, other] = [randomUUID(), randomUUID().slice(0, 18)];
    await pour({ order, mrn: '', barcode: kit.barcode });
    expect((await reportOf(order))?.observations).toHaveLength(1);
    expect((await lab.told()).at(-1)).toMatchObject({ data: { testKitId: kit.id, patientId: patient.patientId } });
    const stranger = await lab.addKnown();
    await pour({ ...stranger, controlId: other, barcode: kit.barcode });
    expect(await waiting(other)).toMatchObject([{ details: ['order-of-another'] }]);
  });

  it('is nobody of another country than the message was sent to', async () => {
    const german = await lab.addKnown('de');
    const controlId = randomUUID().slice(0, 18);
    await pour({ ...german, controlId });
    expect(await waiting(controlId)).toMatchObject([{ details: ['of-another-country'] }]);
  });

  it('is found by somebody who has looked: then the message is applied, once', async () => {
    const [order, controlId] = [randomUUID(), randomUUID().slice(0, 18)];
    await pour({ birthDate: '19850413', order, controlId });
    const [aside] = await waiting(controlId);
    const path = `/fr/lab-quarantine/${aside?.id}`;
    const read = await lab.call('GET', path, staff);
    expect([read.headers['content-type'], read.payload.includes(patient.mrn)]).toEqual([
      'application/hl7-v2; charset=utf-8',
      true,
    ]);
    expect((await lab.call('POST', `${path}/release`, staff, { payload: {} })).statusCode).toBe(409);
    const release = () => lab.call('POST', `${path}/release`, staff, { payload: { patientId: patient.patientId } });
    const statuses = (await Promise.all([release(), release()])).map(({ statusCode }) => statusCode);
    expect(statuses.toSorted((one, other) => one - other)).toEqual([200, 409]);
    expect(await reportOf(order)).toMatchObject({ status: 'final' });
    expect((await lab.call('GET', path, staff)).statusCode).toBe(409);
    expect(await lab.rows('SELECT FROM laboratory.message_keys')).not.toContainEqual({ message_id: aside?.id });
    expect(await lab.rows("SELECT FROM laboratory.quarantine WHERE id = $1 AND sealed = ''", [aside?.id])).toHaveLength(
      1,
    );
  });

  it('is told for all of a message or for none: one that is about two is nobody’s to give to one', async () => {
    const other = await lab.addKnown();
    const controlId = randomUUID().slice(0, 18);
    const two = oru({ ...patient, controlId, birthDate: '19850413' });
    const [, ...rest] = oru({ ...other }).split('\r');
    await lab.send(`${two}${rest.join('\r')}`);
    await lab.drain();
    const [aside] = await waiting(controlId);
    const payload = { patientId: patient.patientId };
    expect((await lab.call('POST', `/fr/lab-quarantine/${aside?.id}/release`, staff, { payload })).statusCode).toBe(
      422,
    );
    expect((await lab.call('POST', `/fr/lab-quarantine/${aside?.id}/discard`, staff)).json()).toMatchObject({
      state: 'discarded',
    });
    expect(await waiting(controlId)).toEqual([]);
    expect(await lab.results(other.patientId)).toEqual([]);
  });
});

describe('a code that only its laboratory knows', () => {
  const local = (code: string, value: string, flag = '') => ({ code: `${code}^Kalium^L`, value, flag });

  async function task(code: string): Promise<{ id: string; sender: string; code: string }> {
    const { items } = (await lab.call('GET', '/fr/lab-codes?limit=100', staff)).json();
    return items.find((one: { code: string }) => one.code === code);
  }
  async function map(code: string, loinc = '2823-3') {
    return lab.call('POST', `/fr/lab-codes/${(await task(code)).id}/map`, staff, { payload: { loinc } });
  }

  it('is a task, its results wait and the others do not; mapped, they are seen to and nothing is lost', async () => {
    const [order, code] = [randomUUID(), randomUUID().slice(0, 8)];
    await pour({ order, observations: [{}, local(code, '4.4')] });
    await pour({ order: randomUUID(), observations: [local(code, '4.5')] });
    expect((await reportOf(order))?.observations).toHaveLength(1);
    expect((await reportOf(order, staff))?.observations).toHaveLength(2);
    const { id } = await task(code);
    expect((await map(code)).json()).toMatchObject({ id, loinc: '2823-3' });
    expect((await reportOf(order))?.observations.map(({ loinc }) => loinc)).toEqual(['2823-3', '2823-3']);
    expect(await eventsOf(order)).toEqual(['released', 'released']);
    expect(await task(code)).toBeUndefined();
    const later = randomUUID();
    await pour({ order: later, observations: [local(code, '4.6')] });
    expect((await reportOf(later))?.observations).toMatchObject([{ loinc: '2823-3' }]);
  });

  it('holds a report that has nothing else, until it is mapped', async () => {
    const [order, code] = [randomUUID(), randomUUID().slice(0, 8)];
    await pour({ order, observations: [local(code, '4.4')] });
    expect(await reportOf(order)).toBeUndefined();
    expect(await reportOf(order, staff)).toMatchObject({ heldBecause: ['unmapped-code'] });
    await map(code);
    expect(await reportOf(order)).toMatchObject({ heldBecause: [] });
    expect(await eventsOf(order)).toEqual(['released']);
  });

  it('alerts to what its laboratory flagged, mapped or not, and to limits once it is mapped', async () => {
    await lab.call('PUT', '/fr/duty-clinician', staff, { payload: { practitionerId: await lab.addPractitioner() } });
    const [flagged, code] = [randomUUID(), randomUUID().slice(0, 8)];
    await pour({ order: flagged, observations: [local(code, '5', 'HH')] });
    expect(await eventsOf(flagged)).toEqual(['raised']);
    const order = randomUUID();
    await pour({ order, observations: [local(code, '6.9')] });
    expect(await eventsOf(order)).toEqual([]);
    await map(code);
    expect(await eventsOf(order)).toEqual(['raised']);
    expect(await eventsOf(flagged)).toEqual(['raised']);
  });

  it('keeps the meaning it was given, whoever maps it at the same time', async () => {
    const code = randomUUID().slice(0, 8);
    await pour({ observations: [local(code, '4.4')] });
    const { id } = await task(code);
    const mapTo = (loinc: string) => lab.call('POST', `/fr/lab-codes/${id}/map`, staff, { payload: { loinc } });
    const statuses = await Promise.all([mapTo('2823-3'), mapTo('2951-2'), mapTo('2823-3')]);
    expect(statuses.filter(({ statusCode }) => statusCode === 409).length).toBeGreaterThan(0);
    expect(new Set(statuses.filter(({ statusCode }) => statusCode === 200).map(({ payload }) => payload)).size).toBe(1);
  });

  it('needs no meaning for a document', async () => {
    const order = randomUUID();
    const value = `^application^pdf^Base64^${Buffer.from('%PDF-1.7 x').toString('base64')}`;
    await pour({ order, observations: [{ type: 'ED', code: 'PDF^Report^L', value, unit: '', range: '' }] });
    expect((await reportOf(order))?.documents).toMatchObject([{ contentType: 'application/pdf' }]);
  });
});

describe('what another system writes into the topic', () => {
  const find = async (order: string) => (await reportOf(order))?.observations[0]?.values[0];
  const record = (value: string | Buffer, contentType?: string) =>
    lab.deliver(recordOf(value, { offset: (offset += 1), ...(contentType !== undefined && { contentType }) }));

  it.each(['application/hl7-v2', 'x-application/hl7-v2+er7', 'hl7', 'application/cloudevents+json', undefined])(
    'is applied as HL7 v2 of media type %s',
    async (type) => {
      const order = randomUUID();
      expect(await record(oru({ ...patient, order }), type)).toBe(204);
      expect(await find(order)).toMatchObject({ number: '4.2' });
      expect(
        await lab.rows(
          'SELECT FROM laboratory.message_keys k JOIN laboratory.messages m ON m.id = k.message_id WHERE m.state = $1',
          ['applied'],
        ),
      ).toEqual([]);
    },
  );

  it('is applied as FHIR, and as an event of our own type', async () => {
    const [one, two] = [randomUUID(), randomUUID()];
    expect(await record(bundle({ ...patient, order: one }), 'application/fhir+json')).toBe(204);
    expect(await find(one)).toMatchObject({ number: '4.2' });
    const data = submittedData({ ...patient, order: two });
    const event = {
      specversion: '1.0',
      id: randomUUID(),
      source: '/lab',
      type: submitted,
      time: '2031-03-03T09:00:00Z',
      data,
    } as const;
    expect(await lab.deliver(requestOf(event))).toBe(204);
    expect(await lab.deliver(requestOf({ ...event, id: randomUUID() }))).toBe(204);
    expect(await find(two)).toMatchObject({ number: '4.2' });
  });

  it('is applied once, delivered again, sent again, or sent over HTTP as well', async () => {
    const order = randomUUID();
    const message = oru({ ...patient, order });
    const first = recordOf(message, { offset: (offset += 1) });
    expect([await lab.deliver(first), await lab.deliver(first), await record(message)]).toEqual([204, 204, 204]);
    expect(codesIn(await lab.send(message))).toEqual(['AA']);
    await lab.drain();
    expect(await reportOf(order)).toMatchObject({ version: 2 });
    expect(await eventsOf(order)).toEqual(['released']);
  });

  it('is applied once as an event of our own type, at whichever door it comes first and whatever it leaves out', async () => {
    const deliver = (data: object) =>
      lab.deliver(
        requestOf({ specversion: '1.0', id: randomUUID(), source: '/lab', type: submitted, time: MORNING, data }),
      );
    const send = async (data: object) => {
      const answer = await lab.send(submittedEvent(data), 'application/cloudevents+json');
      await lab.drain();
      return [answer.statusCode, answer.json().status];
    };
    for (const doors of [
      ['topic', 'http', 'topic'],
      ['http', 'topic', 'http'],
    ]) {
      const [order, controlId] = [randomUUID(), randomUUID()];
      const { sender, ...data } = submittedData({ ...patient, order, controlId });
      const answers: unknown[] = [];
      for (const door of doors) answers.push(await (door === 'http' ? send : deliver)({ ...data, sender }));
      expect(answers).toEqual(
        doors[0] === 'http' ? [[202, 'accepted'], 204, [202, 'repeated']] : [204, [202, 'repeated'], 204],
      );
      expect(await waiting(controlId)).toEqual([]);
      expect(await eventsOf(order)).toEqual(['released']);
    }
  });

  it('is put aside when it cannot be read, is another’s, or has a number that was used', async () => {
    const admin = bearer('admin', 'admin', '');
    const used = randomUUID().slice(0, 18);
    await record(oru({ ...patient, controlId: used }));
    await record(oru({ ...patient, controlId: used, observations: [{ value: '9' }] }));
    const numberless = randomUUID().slice(0, 18);
    await record(oru({ ...patient, controlId: numberless }).replace(/(OBR\|1\|\|)[^|]*/, '$1'));
    const wrong = randomUUID().slice(0, 18);
    await record(oru({ ...patient, controlId: wrong, sex: 'M' }));
    await record('nothing that anybody reads');
    expect(await waiting(used)).toMatchObject([{ reason: 'control-id-reused' }]);
    expect(await waiting(wrong)).toMatchObject([{ reason: 'wrong-patient', details: ['sex-differs'] }]);
    const reasons = await lab.rows<{ details: string[] }>(
      "SELECT details FROM laboratory.quarantine WHERE reason = 'unreadable'",
    );
    expect(reasons.flatMap(({ details }) => details)).toEqual(['OBR[1]-3 101', 'MSH[1] 100']);
    expect(admin).toContain('admin');
  });

  it('is put aside where it comes in a batch of more than can be applied at once, and applied when it is released', async () => {
    const [first, last] = [randomUUID(), randomUUID()];
    const controlIds = [randomUUID().slice(0, 18), randomUUID().slice(0, 18)];
    const [large, small] = controlIds.map((controlId) => oru({ ...patient, controlId, order: last }));
    const more = Array.from({ length: 499 }, (_, index) => `OBR|1||${last}-${index}|A\r`).join('');
    await record(`${oru({ ...patient, order: first })}${large}${more}${small}`);
    expect(await find(first)).toMatchObject({ number: '4.2' });
    expect(await find(last)).toBeUndefined();
    const admin = 'Bearer admin admin';
    const { items } = (await lab.call('GET', '/fr/lab-quarantine?limit=100', admin)).json();
    const asides = controlIds.map((id) => items.find((one: { controlId: string }) => one.controlId === id));
    expect(asides).toMatchObject(controlIds.map(() => ({ reason: 'unreadable', details: ['MSH[1] 104'] })));
    const [discarded, released] = ['discard', 'release'].map((what, index) =>
      lab.call(
        'POST',
        `/fr/lab-quarantine/${asides[index]?.id}/${what}`,
        admin,
        what === 'release' ? { payload: {} } : {},
      ),
    );
    expect([(await discarded)?.statusCode, (await released)?.statusCode]).toEqual([200, 200]);
    expect(await find(last)).toMatchObject({ number: '4.2' });
  });

  it('is read in its own character set, whichever way it comes', async () => {
    const [one, two, declared] = [randomUUID(), randomUUID(), randomUUID()];
    const latin9 = (order: string) => {
      const message = oru({
        ...patient,
        order,
        observations: [{ type: 'ST', value: 'n\u00e9gatif, 3 \u00a4', unit: '' }],
      });
      return Buffer.from(message.replace('|P|2.5.1', '|P|2.5.1||||||8859/15'), 'latin1');
    };
    expect(await record(latin9(one))).toBe(204);
    expect(await record(latin9(declared), 'application/hl7-v2; charset=iso-8859-15')).toBe(204);
    expect(codesIn(await lab.send(latin9(two)))).toEqual(['AA']);
    await lab.drain();
    const read = await Promise.all([one, two, declared].map(find));
    expect(read).toMatchObject(read.map(() => ({ text: 'négatif, 3 €' })));
  });

  it('is put aside as it came where there is no message in it, each by itself', async () => {
    const unbound = 'Bearer admin admin';
    const texts = ['OBX|1|NM|K||4.1', 'a fax of page 1', 'OBX|1|NM|K||4.1'].map(
      (text, index) => `${text} ${index % 2}`,
    );
    for (const text of texts) expect(await record(text)).toBe(204);
    const kept = await lab.rows<{ id: string }>(
      "SELECT id FROM laboratory.quarantine WHERE reason = 'unreadable' AND control_id = '' AND sender = 'lis-results'",
    );
    const paths = kept.map(({ id }) => `/fr/lab-quarantine/${id}`);
    const read = await Promise.all(paths.map(async (path) => (await lab.call('GET', path, unbound)).payload));
    expect(read.filter((text) => texts.includes(text)).toSorted()).toEqual([...new Set(texts)].toSorted());
  });

  it('is applied where it was taken over HTTP and never got into the log, and then no more', async () => {
    const order = randomUUID();
    const message = oru({ ...patient, order });
    lab.log.isAway = true;
    expect((await lab.send(message)).statusCode).toBe(503);
    lab.log.isAway = false;
    const records = lab.log.records.length;
    expect([await record(message), await record(message)]).toEqual([204, 204]);
    expect(await find(order)).toMatchObject({ number: '4.2' });
    expect(codesIn(await lab.send(message))).toEqual(['AA']);
    expect(lab.log.records).toHaveLength(records);
    expect(await eventsOf(order)).toEqual(['released']);
  });

  it('is put aside once where it was taken over HTTP and is another’s, and applied by whoever has looked only', async () => {
    const stranger = { ...patient, sex: 'M', controlId: randomUUID().slice(0, 18), order: randomUUID() };
    lab.log.isAway = true;
    await lab.send(oru(stranger));
    lab.log.isAway = false;
    const records = lab.log.records.length;
    expect([await record(oru(stranger)), await record(oru(stranger))]).toEqual([204, 204]);
    expect(codesIn(await lab.send(oru(stranger)))).toEqual(['AA']);
    expect(lab.log.records).toHaveLength(records);
    expect(await waiting(stranger.controlId)).toMatchObject([{ reason: 'wrong-patient' }]);
  });

  it('waits for nobody any more where its own record finds whose it is', async () => {
    const [known, controlId, order] = [await lab.addKnown(), randomUUID().slice(0, 18), randomUUID()];
    const message = oru({ ...known, sex: 'M', controlId, order });
    await lab.send(message);
    await lab.rows('UPDATE laboratory.message_claims SET published_at = NULL WHERE control_id = $1', [controlId]);
    expect(await record(message)).toBe(204);
    expect(await waiting(controlId)).toMatchObject([{ reason: 'wrong-patient' }]);
    await lab.rows("UPDATE patient.patients SET sex = 'male' WHERE id = $1", [known.patientId]);
    await lab.drain();
    expect(await lab.results(known.patientId)).toHaveLength(1);
    expect(await waiting(controlId)).toEqual([]);
    const [aside] = await lab.rows('SELECT state, sealed FROM laboratory.quarantine WHERE control_id = $1', [
      controlId,
    ]);
    expect(aside).toEqual({ state: 'released', sealed: '' });
  });

  it('is refused for good where it is sealed by nobody of us', async () => {
    await lab.send(oru(patient));
    const known = lab.log.records.at(-1);
    if (!known) throw new Error('no record');
    const data = { ...Object(known.data), sealed: `${String(Object(known.data).sealed).slice(0, -4)}AAAA` };
    expect(await lab.deliverOnce({ ...known, data })).toBe(422);
    await lab.drain();
  });
});
