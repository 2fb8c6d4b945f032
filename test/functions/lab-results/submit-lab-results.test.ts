import { randomUUID } from 'node:crypto';

import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { shareLocalCodes } from '../../../shared/db/local-codes.ts';
import { bundle, submittedData, submittedEvent } from './samples.ts';
import { bearer, codesIn, type Known, type Lab, openLab, oru, type Oru, potassium, recordOf } from './world.ts';

const fhir = 'application/fhir+json';
const event = 'application/cloudevents+json';

let lab: Lab;
let patient: Known;
beforeAll(async () => {
  lab = await openLab();
  patient = await lab.addKnown();
});
afterAll(async () => {
  await lab.close();
});

async function seen(): Promise<{ items: { fillerOrder: string; observations: { values: unknown[] }[] }[] }> {
  const as = bearer('patient', patient.patientId);
  return (await lab.call('GET', `/fr/patients/${patient.patientId}/results?limit=100`, as)).json();
}

async function valuesOf(order: string): Promise<unknown[] | undefined> {
  return (await seen()).items
    .find(({ fillerOrder }) => fillerOrder === order)
    ?.observations.map(({ values }) => values[0]);
}

async function quarantined(controlId: string): Promise<{ reason: string; details: string[] }[]> {
  const staff = bearer('staff', 'staff');
  const { items } = (await lab.call('GET', '/fr/lab-quarantine?limit=100', staff)).json();
  return items.filter((one: { controlId: string }) => one.controlId === controlId);
}

describe('an HL7 v2 message', () => {
  it('is acknowledged when it is in the log, and read by its patient when it is applied', async () => {
    const answer = await lab.send(oru({ ...patient, controlId: 'A-1', order: 'O-1' }));
    expect({ status: answer.statusCode, codes: codesIn(answer) }).toEqual({ status: 200, codes: ['AA'] });
    expect(answer.payload).toContain('MSA|AA|A-1');
    expect(answer.headers['content-type']).toBe('application/hl7-v2; charset=utf-8');
    expect(await valuesOf('O-1')).toBeUndefined();
    await lab.drain();
    expect(await valuesOf('O-1')).toMatchObject([{ type: 'quantity', number: '4.2' }]);
  });

  it('lies in the log as nothing that anybody can read, and its key is gone when it is applied', async () => {
    await lab.send(oru({ ...patient, controlId: 'A-2' }));
    const record = JSON.stringify(lab.log.records.at(-1));
    for (const said of ['MOREAU', patient.mrn, '4.2', '2823-3', 'A-2']) expect(record).not.toContain(said);
    expect(await lab.rows('SELECT FROM laboratory.message_keys')).toHaveLength(1);
    await lab.drain();
    expect(await lab.rows('SELECT FROM laboratory.message_keys')).toHaveLength(0);
  });

  it('has no effect when it comes again, and is acknowledged as the first time', async () => {
    const message = oru({ ...patient, controlId: 'A-3', order: 'O-3' });
    await lab.send(message);
    const records = lab.log.records.length;
    const again = await lab.send(message.replaceAll('\r', '\r\n'));
    expect(codesIn(again)).toEqual(['AA']);
    expect(lab.log.records).toHaveLength(records);
    await lab.drain();
    expect((await seen()).items.filter(({ fillerOrder }) => fillerOrder === 'O-3')).toHaveLength(1);
  });

  it('is refused and put aside when its number was used for another, once however often it comes', async () => {
    await lab.send(oru({ ...patient, controlId: 'A-4', order: 'O-4' }));
    const other = oru({ ...patient, controlId: 'A-4', order: 'O-4', observations: [{ value: '9.9' }] });
    for (const answer of [await lab.send(other), await lab.send(other)]) {
      expect(codesIn(answer)).toEqual(['AE']);
      expect(answer.payload).toContain('ERR||MSH^1^10|205^Duplicate key identifier^HL70357|E');
    }
    await lab.drain();
    expect(await valuesOf('O-4')).toMatchObject([{ number: '4.2' }]);
    expect(await quarantined('A-4')).toMatchObject([{ reason: 'control-id-reused' }]);
  });

  it('is refused with the place of each fault, or rejected for its kind, and nothing of it is kept', async () => {
    const good = oru({ ...patient, controlId: 'A-5' });
    const records = lab.log.records.length;
    const numberless = await lab.send(good.replace(/(OBR\|1\|\|)[^|]*/, '$1'));
    expect(codesIn(numberless)).toEqual(['AE']);
    expect(numberless.payload).toContain('ERR||OBR^1^3|101');
    const kinds = [
      ['|ORU^R01^ORU_R01|', '|ADT^A01|', 'ERR||MSH^1^9'],
      ['|P|2.5.1', '|X|2.5.1', 'ERR||MSH^1^11'],
      ['|P|2.5.1', '|T|2.5.1', 'ERR||MSH^1^11'],
      ['|P|2.5.1', '|D|2.5.1', 'ERR||MSH^1^11'],
      ['|P|2.5.1', '|P|1.0', 'ERR|'],
    ] as const;
    for (const [from, to, place] of kinds) {
      const answer = await lab.send(good.replace(from, to));
      expect(codesIn(answer)).toEqual(['AR']);
      expect(answer.payload).toContain(place);
    }
    expect(codesIn(await lab.send('no message'))).toEqual(['AE']);
    expect(lab.log.records).toHaveLength(records);
    expect(await lab.rows("SELECT FROM laboratory.message_claims WHERE control_id = 'A-5'")).toEqual([]);
  });

  it('is refused where a name in it is too long to be kept, with the place, and taken at the limit', async () => {
    const [long, longest] = ['x'.repeat(501), 'x'.repeat(500)];
    const named = (observation: string) => ({ observations: [{ code: observation }] });
    const refused: readonly (readonly [Partial<Oru>, string])[] = [
      [{ controlId: long }, 'MSH^1^10'],
      [{ controlId: 'x'.repeat(5_000) }, 'MSH^1^10'],
      [{ sender: long }, 'MSH^1^3'],
      [{ order: long }, 'OBR^1^3'],
      [{ order: 'é'.repeat(84) }, 'OBR^1^3'],
      [{ service: `${long}^Electrolytes^L` }, 'OBR^1^4'],
      [named(`${long}^Potassium^L`), 'OBX^1^3'],
      [named(`K^Potassium^L^${long}^Potassium^LN`), 'OBX^1^3'],
      [named(`^${long}`), 'OBX^1^3'],
    ];
    for (const [message, place] of refused) {
      const answer = await lab.send(oru({ ...patient, ...message }));
      expect(codesIn(answer)).toEqual(['AE']);
      expect(answer.payload).toContain(`ERR||${place}|104^Value too long^HL70357|E`);
    }
    const subId = await lab.send(oru(patient).replace(`${potassium}||`, `${potassium}|${long}|`));
    expect(subId.payload).toContain('ERR||OBX^1^4|104');
    expect(codesIn(await lab.send(oru({ ...patient, controlId: longest })))).toEqual(['AA']);
    await lab.drain();
  });

  it('is refused at both doors where it holds more than can be applied at once', async () => {
    const good = oru({ ...patient, controlId: randomUUID().slice(0, 20) });
    const orders = Array.from({ length: 18_930 }, (_, index) => `OBR|1||${index}|A\r`).join('');
    const answer = await lab.send(`${good}${orders}`);
    expect(codesIn(answer)).toEqual(['AE']);
    expect(answer.payload).toContain('ERR||OBR^501|104');
    expect(await lab.deliver(recordOf(`${good}${orders}`, { offset: 9_000 }))).toBe(204);
    const [aside] = await lab.rows<{ details: string[] }>(
      "SELECT details FROM laboratory.quarantine WHERE reason = 'unreadable' ORDER BY received_at DESC, id LIMIT 1",
    );
    expect(aside?.details).toEqual(['OBR[501] 104']);
  });

  it('takes no more locks for its codes than a server has for everybody, however many they are', async () => {
    const ids = Array.from({ length: 30_000 }, () => randomUUID());
    const held = await lab.db.transaction(async (tx) => {
      await shareLocalCodes(tx, ids);
      return tx.execute(sql`SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()`);
    });
    expect(held.rowCount).toBe(256);
  });

  it('is acknowledged as it asks for in enhanced mode', async () => {
    const asks = (accept: string, application: string) =>
      lab.send(oru(patient).replace('|P|2.5.1', `|P|2.5.1|||${accept}|${application}`));
    expect(codesIn(await asks('AL', 'NE'))).toEqual(['CA']);
    expect(codesIn(await asks('AL', 'AL'))).toEqual(['CA', 'AA']);
    expect(codesIn(await asks('ER', 'SU'))).toEqual(['AA']);
    expect((await asks('NE', 'NE')).payload).toBe('');
  });

  it('may come with others in a batch, of which each has its answer', async () => {
    const [one, two] = [
      oru({ ...patient, controlId: 'B-1', order: 'OB-1' }),
      oru({ ...patient, controlId: 'B-2', order: 'OB-2' }),
    ];
    const broken = oru({ ...patient, controlId: 'B-3' }).replace('|ORU^', '|ADT^');
    const batch = `FHS|^~\\&\rBHS|^~\\&\r${one}${broken}${two}BTS|3\rFTS|1\r`;
    expect(codesIn(await lab.send(batch))).toEqual(['AA', 'AR', 'AA']);
    await lab.drain();
    expect(await valuesOf('OB-1')).toHaveLength(1);
    expect(await valuesOf('OB-2')).toHaveLength(1);
  });

  it('is taken with every dirt that can be told from its content', async () => {
    const escapes = { type: 'ST', code: 'X^\\X00\\note^LN', value: 'a\\X00\\b\\T\\c' };
    const message = oru({ ...patient, order: 'O-dirt', observations: [escapes] });
    expect(codesIn(await lab.send(`\uFEFF\u000b${message.replaceAll('\r', '\n')}\u001c\r`))).toEqual(['AA']);
    await lab.drain();
    expect(await valuesOf('O-dirt')).toMatchObject([{ type: 'text', text: 'a\uFFFDb&c' }]);
  });
});

describe('the same message twice at once', () => {
  it('is acknowledged twice and applied once', async () => {
    const order = randomUUID();
    const message = oru({ ...patient, controlId: order.slice(0, 18), order });
    const answers = await Promise.all(Array.from({ length: 8 }, () => lab.send(message)));
    expect(answers.flatMap(codesIn)).toEqual(Array.from({ length: 8 }, () => 'AA'));
    await lab.drain();
    const [report] = await lab.rows<{ version: number }>(
      'SELECT version FROM laboratory.reports WHERE filler_order = $1',
      [order],
    );
    expect(report).toEqual({ version: 2 });
  });

  it('is applied once when its record is delivered by two sources at once', async () => {
    const order = randomUUID();
    await lab.send(oru({ ...patient, order }));
    const record = lab.log.records.at(-1);
    if (!record) throw new Error('no record');
    expect(await Promise.all([1, 2, 3].map(() => lab.deliver(record)))).toEqual([204, 204, 204]);
    const rows = await lab.rows('SELECT FROM laboratory.reports WHERE filler_order = $1', [order]);
    expect(rows).toHaveLength(1);
  });
});

describe('a FHIR bundle', () => {
  it('is answered 202 with an OperationOutcome and applied as what it says', async () => {
    const order = randomUUID();
    const answer = await lab.send(bundle({ ...patient, order, value: '5.10' }), fhir);
    expect(answer.statusCode).toBe(202);
    expect(answer.headers['content-type']).toBe('application/fhir+json; charset=utf-8');
    expect(answer.json()).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ severity: 'information' }] });
    await lab.drain();
    expect(await valuesOf(order)).toMatchObject([{ number: '5.1', unit: { ucum: 'mmol/L' } }]);
  });

  it('is answered 422 with the place of each fault, and 409 where its number was used for another', async () => {
    const controlId = randomUUID();
    await lab.send(bundle({ ...patient, controlId }), fhir);
    const other = await lab.send(bundle({ ...patient, controlId, value: '9' }), fhir);
    expect([other.statusCode, other.json().issue[0].code]).toEqual([409, 'duplicate']);
    const broken = await lab.send(bundle(patient).replace('"DiagnosticReport"', '"Basic"'), fhir);
    expect([broken.statusCode, broken.json().issue[0].severity]).toEqual([422, 'error']);
    expect((await lab.send('{"resourceType":"Patient"}', fhir)).statusCode).toBe(422);
    expect((await lab.send('[', fhir)).statusCode).toBe(422);
  });
});

describe('a name that is too long to be kept', () => {
  const long = 'x'.repeat(501);

  it.each([
    [{ controlId: long }, 'Bundle.identifier'],
    [{ order: long }, 'Bundle.entry[1].resource.identifier'],
  ])('has a bundle refused: %j', async (names, expression) => {
    const answer = await lab.send(bundle({ ...patient, ...names }), fhir);
    expect([answer.statusCode, answer.json().issue]).toMatchObject([
      422,
      [{ code: 'too-long', expression: [expression] }],
    ]);
  });

  it.each([
    ['"code":"2823-3"', `"code":"${long}"`, 'Bundle.entry[2].resource.code'],
    ['"text":"Electrolytes"', `"text":"${long}"`, 'Bundle.entry[1].resource.code'],
    ['"system":"urn:lab"', `"system":"urn:${long}"`, 'Bundle.identifier.system'],
  ])('has a bundle refused: %s', async (from, to, expression) => {
    const answer = await lab.send(bundle(patient).replace(from, to), fhir);
    expect([answer.statusCode, answer.json().issue]).toMatchObject([
      422,
      [{ code: 'too-long', expression: [expression] }],
    ]);
  });

  it('has an event of our own refused that would be longer in a key than it is', async () => {
    const data = submittedData({ ...patient, controlId: 'é'.repeat(100), order: 'é'.repeat(100) });
    const answer = await lab.send(submittedEvent(data), event);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().errors.map(({ path }: { path: string }) => path)).toEqual([
      '/data/controlId',
      '/data/reports/0/fillerOrder',
    ]);
  });

  it('is none for half a character in it', async () => {
    const order = randomUUID();
    const half = bundle({ ...patient, order }).replace('"coding":[', '"coding":[{"code":"\\ud800"},');
    expect((await lab.send(half, fhir)).statusCode).toBe(202);
    await lab.drain();
    expect(await valuesOf(order)).toHaveLength(1);
  });
});

describe('an event of our own', () => {
  it.each(['structured', 'binary'])('is answered 202 in %s mode, again too, and applied once', async (mode) => {
    const order = randomUUID();
    const data = submittedData({ ...patient, order });
    const send = async () =>
      mode === 'structured'
        ? lab.send(submittedEvent(data), event)
        : lab.call('POST', '/fr/lab-results', bearer('system'), {
            payload: JSON.stringify(data),
            headers: {
              'content-type': 'application/json',
              'ce-specversion': '1.0',
              'ce-id': order,
              'ce-type': 'careflow.lab-result.submitted.v1',
              'ce-source': '/lab',
              'ce-time': '2031-03-03T09:00:00Z',
            },
          });
    const [first, again] = [await send(), await send()];
    expect([first.statusCode, first.json().status, again.json()]).toEqual([
      202,
      'accepted',
      { id: first.json().id, status: 'repeated' },
    ]);
    await lab.drain();
    expect(await valuesOf(order)).toMatchObject([{ number: '4.2' }]);
  });

  it('is refused for what is missing or wrong in it, for another type, and for a number used for another', async () => {
    const data = submittedData(patient);
    await lab.send(submittedEvent(data), event);
    const other = { ...data, reports: data.reports.map((report) => ({ ...report, status: 'corrected' })) };
    const answers = [
      await lab.send(submittedEvent(other), event),
      await lab.send(submittedEvent({ ...data, controlId: '' }), event),
      await lab.send(submittedEvent(data).replace('lab-result.submitted', 'lab-result.guessed'), event),
      await lab.send('{"', event),
      await lab.send(JSON.stringify(data), 'application/json'),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([409, 400, 400, 400, 400]);
    expect(answers[1]?.json().errors).toContainEqual({ path: '/data/controlId', message: expect.any(String) });
  });
});

describe('who may send what', () => {
  it('is a system, in a media type that is taken, up to 700 KiB', async () => {
    const message = oru(patient);
    const pdf = { type: 'ED', code: 'PDF^Report^L', value: `^application^pdf^Base64^${'A'.repeat(600_000)}` };
    expect(codesIn(await lab.send(oru({ ...patient, observations: [pdf] })))).toEqual(['AA']);
    const statuses = [
      await lab.send(message, 'application/hl7-v2', bearer('patient', patient.patientId)),
      await lab.send(message, 'application/hl7-v2', bearer('staff')),
      await lab.send(message, 'text/plain'),
      await lab.send(message, 'application/hl7-v2; charset=iso-8859-1'),
      await lab.send('x'.repeat(700 * 1024 + 1)),
      await lab.send(''),
    ].map(({ statusCode }) => statusCode);
    expect(statuses).toEqual([403, 403, 415, 415, 413, 400]);
    await lab.drain();
  });
});

describe('while something is away', () => {
  it('acknowledges nothing that is not in the log, and takes the same message when the log is back', async () => {
    const order = randomUUID();
    const message = oru({ ...patient, order });
    lab.log.isAway = true;
    const [refused, event_] = [await lab.send(message), await lab.send(submittedEvent(submittedData()), event)];
    expect([refused.statusCode, codesIn(refused), event_.statusCode]).toEqual([503, [], 503]);
    expect(refused.headers['retry-after']).toBeDefined();
    lab.log.isAway = false;
    expect(codesIn(await lab.send(message))).toEqual(['AA']);
    await lab.drain();
    expect(await valuesOf(order)).toMatchObject([{ number: '4.2' }]);
  });

  it('acknowledges nothing while the database is away, and asks for the event again', async () => {
    const order = randomUUID();
    await lab.send(oru({ ...patient, order }));
    const record = lab.log.records.at(-1);
    if (!record) throw new Error('no record');
    await lab.whileAway(async () => {
      const refused = await lab.send(oru(patient));
      expect([refused.statusCode, codesIn(refused)]).toEqual([503, []]);
      expect(await lab.deliverOnce(record)).toBe(503);
    });
    expect(await lab.deliver(record)).toBe(204);
    expect(await valuesOf(order)).toMatchObject([{ number: '4.2' }]);
  });
});
