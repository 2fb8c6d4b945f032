import { describe, expect, it } from 'vitest';

import { readMessages } from '../../../shared/hl7/read-messages.ts';
import { fixtureBytes, fixtureNames, observationsOf, paris, parsedFixture, readFixture } from './fixtures.ts';

/** What `simple` messages of the fixtures say, whatever dirt is round them. */
const potassium = {
  values: [{ type: 'quantity', number: '4.10', unit: { text: 'millimole per liter', ucum: 'mmol/L' } }],
  status: 'final',
  interpretation: ['N'],
};

describe('dirt', () => {
  it.each([
    'byte-order-mark',
    'mllp-frame',
    'cr-lines',
    'crlf-lines',
    'lf-lines',
    'blank-lines-and-indents',
    'utf-16',
    'short-encoding-characters',
    'truncation-character',
    'without-processing-id',
    'vendor-segments',
  ])('is read past: %s', (name) => {
    expect(observationsOf(`dirt/${name}`)).toEqual([expect.objectContaining(potassium)]);
  });

  it.each([
    ['dirt/two-mllp-frames', ['DIRT-3A', 'DIRT-3B']],
    ['dirt/two-messages', ['DIRT-8A', 'DIRT-8B']],
    ['dirt/batch', ['DIRT-9A', 'DIRT-9B']],
  ])('keeps the messages of %s apart', (name, controlIds) => {
    const read = readFixture(name);
    expect(read.map(({ outcome }) => outcome)).toEqual(['parsed', 'parsed']);
    expect(read.map(({ header }) => header?.controlId)).toEqual(controlIds);
  });

  it('puts characters in place of escape sequences, and leaves what is none', () => {
    const texts = observationsOf('dirt/escapes').map(({ values }) => values[0]);
    expect(texts).toEqual(
      ['a|b ^c &d ~e \\f', 'tab\tend, café', 'first\nsecond\n\nthird loud quiet', 'C:\\lab\\results and 100 & 1'].map(
        (text) => ({ type: 'text', text }),
      ),
    );
    expect(observationsOf('dirt/escapes')[3]?.notes).toEqual(['Seen by A & B']);
  });

  it('reads repetitions: of a value each, of text as lines, of ranges and flags all', () => {
    const [cultures, comment, twice] = observationsOf('dirt/repetitions');
    expect(cultures?.values.map((value) => value.type === 'concept' && value.concept.codings[0]?.code)).toEqual([
      '27268008',
      '112283007',
    ]);
    expect(cultures?.interpretation).toEqual(['A', 'POS']);
    expect(comment?.values).toEqual([{ type: 'text', text: 'First line\nSecond line' }]);
    expect(twice?.values.map((value) => value.type === 'quantity' && value.number)).toEqual(['4.1', '4.3']);
    expect(twice?.ranges.map(({ text }) => text)).toEqual(['3.5-5.1', '3.4-5.0']);
    expect(twice?.notes).toEqual(['One note\non two lines', 'Another note']);
  });

  it('calls nothing final that does not say so', () => {
    const { message } = parsedFixture('dirt/empty-status');
    expect(message.reports[0]?.observations.map(({ status, statusCode }) => [status, statusCode])).toEqual([
      ['unknown', ''],
      ['unknown', 'Q'],
    ]);
    expect(message.warnings.map(({ code, place }) => [code, place])).toEqual([
      ['101', { segment: 'OBX', occurrence: 1, field: 11 }],
      ['103', { segment: 'OBX', occurrence: 2, field: 11 }],
    ]);
  });

  it('takes the separators that MSH declares', () => {
    const { message, header } = parsedFixture('dirt/own-delimiters');
    expect(header.separators).toEqual({
      field: '#',
      component: '*',
      repetition: '+',
      escape: '!',
      subcomponent: '%',
    });
    expect(message.reports[0]?.observations.map(({ values }) => values[0])).toEqual([
      { type: 'text', text: 'pipe | and hat ^ are text, # is not' },
      { type: 'quantity', number: '4.1', unit: { text: 'mmol/L', ucum: 'mmol/L' } },
    ]);
  });

  it.each([
    ['declared', 'dirt/latin-1', 'Prélèvement hémolysé, à répéter'],
    ['not declared', 'dirt/latin-1-undeclared', 'Hémolysé'],
  ])('reads bytes that are not UTF-8, their character set %s', (_, name, text) => {
    expect(observationsOf(name)[0]?.values).toEqual([{ type: 'text', text }]);
  });

  it('puts a line that was broken together again', () => {
    const [comment, next] = observationsOf('dirt/broken-line');
    expect(comment).toMatchObject({
      values: [{ type: 'text', text: 'The specimen was clotted\nPSA could not be done' }],
      status: 'final',
    });
    expect(next?.values).toMatchObject([{ number: '4.1' }]);
  });

  it('is read in a time that grows no faster than it does', () => {
    const message = fixtureBytes('dirt/lf-lines').toString();
    const lines = (count: number) => Buffer.from(message.replace('PID', `${'x\n'.repeat(count)}PID`));
    const broken = readMessages(lines(300_000), paris);
    expect(broken).toHaveLength(1);
  }, 5_000);

  it('takes the null value for none', () => {
    for (const observation of observationsOf('dirt/null-values'))
      expect(observation).toMatchObject({ values: [], ranges: [], interpretation: [] });
  });

  it('reads times without an offset on the wall clock of the sender, as exactly as they are written', () => {
    const { message } = parsedFixture('dirt/local-times');
    const [report] = message.reports;
    expect(message.sentAt).toBe('2026-03-09T10:30:00+01:00');
    expect(report?.statusChangedAt).toBe('2026-03-09T10:15:00+01:00');
    expect(report?.observations[0]).toMatchObject({
      observedAt: '2026-07-01T08:00:00+02:00',
      analysedAt: '2026-03-09',
    });
    expect(report?.observations[1]).not.toHaveProperty('observedAt');
    expect(message.warnings).toMatchObject([{ code: '102', place: { segment: 'OBX', occurrence: 2, field: 14 } }]);
  });

  it('takes the offset of MSH-7 for times that have none', () => {
    const text = fixtureBytes('dirt/lf-lines').toString().replace('20260309101500+0100', '20260309101500');
    const [read] = readMessages(Buffer.from(text.replace('20260309103000+0100', '20260309103000-0500')), paris);
    expect(read).toMatchObject({ message: { reports: [{ statusChangedAt: '2026-03-09T10:15:00-05:00' }] } });
  });
});

describe('a message', () => {
  it.each(fixtureNames('versions').filter((name) => /\d\.hl7$/.test(name)))('is read in its version: %s', (name) => {
    const { message } = parsedFixture(name);
    expect(message.warnings).toEqual([]);
    expect(message.reports).toMatchObject([
      {
        fillerOrder: { system: 'LABO-VALMY' },
        placerOrder: { value: 'CF-1001', system: 'CAREFLOW' },
        status: 'final',
        section: 'CH',
        orderedBy: [{ value: '10101234567', system: 'RPPS', type: 'RPPS' }],
        patient: {
          birthDate: '1993-07-06',
          sex: 'female',
          identifiers: [
            { value: 'FR-000001', system: 'CAREFLOW', type: 'MR' },
            { value: '700123', system: 'LABO-VALMY', type: 'PI' },
            { value: '293075112345678', system: 'urn:oid:1.2.250.1.213.1.4.8', type: 'NI' },
          ],
        },
        observations: [{ values: [{ number: '4.1' }] }],
      },
    ]);
  });

  it('names its specimens by what their barcodes say', () => {
    expect(parsedFixture('versions/2.6').message.reports[0]?.specimens).toEqual([
      {
        identifiers: [
          { value: 'CF-S1', system: 'CAREFLOW' },
          { value: '7001234', system: 'LABO-VALMY' },
        ],
        type: {
          codings: [{ code: '119364003', system: 'http://snomed.info/sct', display: 'Serum specimen' }],
          text: 'Serum specimen',
        },
        collectedAt: '2026-03-09T08:00:00+01:00',
      },
    ]);
  });

  it('may tell of several patients, each with their own reports', () => {
    const { reports } = parsedFixture('versions/two-patients').message;
    expect(reports.map(({ patient, fillerOrder }) => [fillerOrder.value, patient.birthDate, patient.sex])).toEqual([
      ['F-4901', '1993-07-06', 'female'],
      ['F-4902', '1971-11-30', 'male'],
    ]);
  });

  it('without a patient is about nobody who could be found', () => {
    expect(parsedFixture('versions/without-patient').message.reports[0]?.patient).toEqual({
      identifiers: [],
      sex: 'unknown',
    });
  });

  it('may tell of the patient beside the order, since 2.7', () => {
    const { message } = parsedFixture('versions/2.8-patient-observation');
    expect(message.reports[0]?.observations).toHaveLength(1);
    expect(message.warnings).toMatchObject([{ code: '100', place: { segment: 'OBX', occurrence: 1 } }]);
  });

  it('keeps each note where it belongs', () => {
    const [report] = parsedFixture('versions/notes-everywhere').message.reports;
    expect(report?.notes).toEqual(['Of the patient', 'Of the order']);
    expect(report?.observations.map(({ notes }) => notes)).toEqual([['Of the result'], []]);
  });

  it('has one sender, whichever way its application and facility are written', () => {
    const text = fixtureBytes('dirt/lf-lines').toString();
    const [read] = readMessages(Buffer.from(text.replace('|VALMY-LIS|', '|LIS^1.2.3^ISO|')), paris);
    expect(read).toMatchObject({ message: { sender: 'urn:oid:1.2.3|LABO-VALMY', controlId: 'DIRT-6' } });
    expect(parsedFixture('dirt/lf-lines').message.sender).toBe('VALMY-LIS|LABO-VALMY');
  });
});

describe('the identity of an observation', () => {
  it('is the same in each message of a correction', () => {
    const identities = fixtureNames('stories/correction').map((name) => observationsOf(name)[0]?.identity);
    expect(new Set(identities)).toHaveProperty('size', 1);
  });

  it('tells a code that recurs apart by its sub-id, and without one by its place', () => {
    const identities = ['values/tx', 'values/without-type', 'values/other-types'].flatMap((name) =>
      observationsOf(name).map(({ identity }) => `${name} ${identity}`),
    );
    expect(new Set(identities)).toHaveProperty('size', identities.length);
    const line = 'OBX|1|NM|K^Potassium^L||4.1|||||F';
    const [read] = readMessages(
      Buffer.from(`${fixtureBytes('dirt/lf-lines').toString()}${line}\n${line.replace('4.1', '4.2')}\n`),
      paris,
    );
    const [, first, second] = read?.outcome === 'parsed' ? (read.message.reports[0]?.observations ?? []) : [];
    expect(first?.identity).not.toBe(second?.identity);
  });
});

describe('a message that cannot be taken', () => {
  /** Each fixture's name says its acknowledgment, the code of HL7 table 0357, segment, occurrence and field. */
  it.each(fixtureNames('refused'))('is refused with the place of the fault: %s', (name) => {
    const [, acknowledgment, code, segment, occurrence, field] =
      /(A[ER])-(\d{3})-([A-Z]{3})-(\d+)(?:-(\d+))?\.hl7$/.exec(name) ?? [];
    const refused = readFixture(name).find(({ outcome }) => outcome !== 'parsed');
    expect(refused?.outcome).toBe(acknowledgment === 'AR' ? 'rejected' : 'refused');
    const [fault] = refused?.outcome === 'parsed' ? [] : (refused?.faults ?? []);
    expect(fault).toMatchObject({ code, place: { segment, occurrence: Number(occurrence) } });
    expect(fault?.place?.field).toBe(field === undefined ? undefined : Number(field));
  });

  const header = 'MSH|^~\\&|LAB|H|CAREFLOW|FR|20310303100000+0100||ORU^R01^ORU_R01|BIG|P|2.5.1\rPID|1||1^^^CLINIC^MR';
  const ordersOf = (count: number) => Array.from({ length: count }, (_, index) => `\rOBR|1||${index}|A`).join('');
  const resultsOf = (count: number) => `\rOBX|1|NM|A||1|||||F`.repeat(count);

  it.each([
    [ordersOf(501), { segment: 'OBR', occurrence: 501 }],
    [ordersOf(18_000), { segment: 'OBR', occurrence: 501 }],
    [`${ordersOf(2)}${resultsOf(2_001)}`, { segment: 'OBX', occurrence: 2_001 }],
    [`${ordersOf(1)}${resultsOf(1_000)}${ordersOf(1)}${resultsOf(2_001)}`, { segment: 'OBX', occurrence: 3_001 }],
  ])('is too large to be applied at once, and is told which is too many (%#)', (segments, place) => {
    const [read] = readMessages(Buffer.from(`${header}${segments}`), paris);
    expect(read).toMatchObject({ outcome: 'refused', faults: [{ code: '104', severity: 'error', place }] });
  });

  it('is none as long as it has as many reports and results as one may have', () => {
    const segments = `${ordersOf(500)}${resultsOf(2_000)}`;
    expect(readMessages(Buffer.from(`${header}${segments}`), paris)).toMatchObject([{ outcome: 'parsed' }]);
  });

  it('is one for training or debugging, unless such messages are taken', () => {
    const outcomes = (processingId: string, processingIds: string) => {
      const bytes = Buffer.from(
        fixtureBytes('versions/2.8.2').toString().replace('|P|2.8.2', `|${processingId}|2.8.2`),
      );
      return readMessages(bytes, { ...paris, processingIds: new Set(processingIds) }).map(({ outcome }) => outcome);
    };
    const [production, others] = [
      ['P', ''],
      ['T', 'D'],
    ];
    expect(production.flatMap((id) => outcomes(id, 'P'))).toEqual(['parsed', 'parsed']);
    expect(others.flatMap((id) => outcomes(id, 'P'))).toEqual(['rejected', 'rejected']);
    expect(production.flatMap((id) => outcomes(id, 'TD'))).toEqual(['rejected', 'rejected']);
    expect(others.flatMap((id) => outcomes(id, 'TD'))).toEqual(['parsed', 'parsed']);
  });

  it('is told everything that is wrong with it at once', () => {
    const text = fixtureBytes('refused/AE-101-OBX-2-3').toString().replaceAll('20260309101500+0100', 'yesterday');
    const [read] = readMessages(Buffer.from(text), paris);
    expect(read?.outcome === 'refused' && read.faults.map(({ place }) => [place?.segment, place?.field])).toEqual([
      ['OBR', 22],
      ['OBX', 3],
    ]);
  });

  it('says nothing of what it held', () => {
    for (const name of fixtureNames('refused')) {
      const told = JSON.stringify(readFixture(name).flatMap((read) => ('faults' in read ? read.faults : [])));
      for (const personal of [
        'Delatour',
        'Odile',
        '19930706',
        '1993-07-06',
        '700123',
        'FR-000001',
        '293075112345678',
        '4.1',
      ])
        expect(told).not.toContain(personal);
    }
  });

  it('is kept as it came where there is none in it', () => {
    const [read] = readMessages(Buffer.from('R\u00e9sultat: 4,1', 'latin1'), paris);
    expect(read).toMatchObject({ outcome: 'refused', text: 'Résultat: 4,1' });
  });

  it('does not keep the others of its batch from being taken', () => {
    const batch = fixtureBytes('dirt/batch').toString().replace('ORU^R01^ORU_R01|DIRT-9A', 'ADT^A01|DIRT-9A');
    expect(readMessages(Buffer.from(batch), paris).map(({ outcome }) => outcome)).toEqual(['rejected', 'parsed']);
  });
});
