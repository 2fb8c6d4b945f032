import { describe, expect, it } from 'vitest';

import { documentsOf } from '../../../shared/domain/lab-report.ts';
import { readMessages } from '../../../shared/hl7/read-messages.ts';
import { fixtureBytes, observationsOf, paris, parsedFixture } from './fixtures.ts';

function valuesOf(name: string) {
  return observationsOf(`values/${name}`).map(({ values }) => values);
}

function warningsOf(name: string) {
  return parsedFixture(`values/${name}`).message.warnings.map(({ code, place }) => [
    code,
    place?.occurrence,
    place?.field,
  ]);
}

/** The value that an NM is read as, and the warnings of it. */
function readNumber(written: string) {
  const message = fixtureBytes('dirt/lf-lines').toString().replace('||4.10|', `||${written}|`);
  const [read] = readMessages(Buffer.from(message), paris);
  if (read?.outcome !== 'parsed') throw new Error('It was not parsed');
  const { reports, warnings } = read.message;
  return [reports[0]?.observations[0]?.values[0], warnings] as const;
}

const mgdl = { text: 'milligram per deciliter', ucum: 'mg/dL' };
const mmol = { text: 'mmol/L', ucum: 'mmol/L' };

describe('OBX-5', () => {
  it('as NM is an exact decimal, compared where a sign says so', () => {
    expect(valuesOf('nm')).toEqual([
      [{ type: 'quantity', number: '92.50', unit: mgdl }],
      [{ type: 'quantity', number: '0.3', comparator: '<', unit: { text: 'milligram per liter', ucum: 'mg/L' } }],
      [{ type: 'quantity', number: '-1', unit: mmol }],
      [{ type: 'text', text: 'see comment' }],
      [{ type: 'quantity', number: '2.31', unit: mmol }],
    ]);
    expect(warningsOf('nm')).toEqual([['102', 4, 5]]);
  });

  it.each([
    ['1,234', { type: 'text', text: '1,234' }],
    ['<1,234', { type: 'text', text: '<1,234' }],
    ['0,123', { type: 'quantity', number: '0.123' }],
    ['1234,567', { type: 'quantity', number: '1234.567' }],
    ['12,34', { type: 'quantity', number: '12.34' }],
  ])('as NM is no number where its comma may part thousands: %s', (written, expected) => {
    const [value, warnings] = readNumber(written);
    expect(value).toMatchObject(expected);
    expect(warnings).toMatchObject(
      expected.type === 'text' ? [{ code: '102', place: { segment: 'OBX', field: 5 } }] : [],
    );
  });

  it('as NM is read at the pace of its length, blanks and all', () => {
    const before = process.cpuUsage();
    expect(readNumber(`<${' '.repeat(700 * 1024)}x\\.br\\y`)).toMatchObject([{ type: 'text' }, [{ code: '102' }]]);
    expect(process.cpuUsage(before).user).toBeLessThan(2_000_000);
  });

  it('as SN is a compared number, a ratio, a range or what is written', () => {
    expect(valuesOf('sn')).toEqual([
      [{ type: 'quantity', number: '1000', comparator: '>', unit: mgdl }],
      [{ type: 'ratio', numerator: { number: '1' }, denominator: { number: '160' } }],
      [
        {
          type: 'range',
          low: { number: '2', unit: { text: 'per high power field', ucum: '/[HPF]' } },
          high: { number: '5', unit: { text: 'per high power field', ucum: '/[HPF]' } },
        },
      ],
      [{ type: 'text', text: '2+' }],
      [{ type: 'quantity', number: '0.2', unit: mgdl }],
      [],
    ]);
  });

  it('as CWE and CE is a concept with each of its codings', () => {
    expect(valuesOf('cwe')).toEqual([
      [
        {
          type: 'concept',
          concept: {
            codings: [
              { code: '3092008', system: 'http://snomed.info/sct', display: 'Staphylococcus aureus' },
              { code: 'STAU', system: 'L', display: 'S. aureus' },
            ],
            text: 'S. aureus, two bottles',
          },
        },
      ],
      [{ type: 'concept', concept: { codings: [], text: 'A positive' } }],
    ]);
    expect(valuesOf('ce').flat()).toMatchObject([
      { concept: { codings: [{ code: '260373001' }] } },
      { concept: { codings: [{ code: 'YEL', system: 'L' }] } },
    ]);
  });

  it('as ST, TX and FT is text, an unescaped hat and all', () => {
    expect(valuesOf('st').flat()).toEqual([
      { type: 'text', text: 'few' },
      { type: 'text', text: 'clear ^ pale' },
    ]);
    expect(valuesOf('tx').flat()).toMatchObject([{ text: 'Benign naevus.' }, { text: 'No sign of malignancy.' }]);
    expect(valuesOf('ft').flat()).toEqual([{ type: 'text', text: 'Skin, 4 x 3 mm\nbrown' }]);
  });

  it('of no type is text, and nothing where there is nothing', () => {
    expect(valuesOf('without-type')).toEqual([[{ type: 'text', text: 'Kept as text' }], []]);
    expect(warningsOf('without-type')).toEqual([['101', 1, 2]]);
  });

  it('as DT, TM, DTM and TS is a time as exact as it is written, else text', () => {
    expect(valuesOf('dt').flat()).toEqual([
      { type: 'dateTime', time: '2026-02-14' },
      { type: 'dateTime', time: '2026-11' },
      { type: 'text', text: 'unknown' },
    ]);
    expect(valuesOf('tm').flat()).toEqual([
      { type: 'time', time: '07:15:00' },
      { type: 'time', time: '22:15:30.5' },
      { type: 'text', text: 'late' },
    ]);
    expect(valuesOf('dtm').flat()).toEqual([
      { type: 'dateTime', time: '2026-03-09T07:45:12+01:00' },
      { type: 'dateTime', time: '2026-03-08T21:00:00+01:00' },
      { type: 'dateTime', time: '2026-03-08' },
    ]);
  });

  it('as ED is the document that was embedded', () => {
    const [report] = parsedFixture('values/ed').message.reports;
    const [document] = report ? documentsOf(report) : [];
    expect(document).toMatchObject({ contentType: 'application/pdf', title: 'Laboratory report' });
    expect(Buffer.from(document?.data ?? '', 'base64').toString()).toMatch(/^%PDF-1\.4\n[^]*%%EOF\n$/);
    expect(report?.observations[1]?.values).toMatchObject([{ number: '4.1' }]);
  });

  it('as RP is where a document lies', () => {
    expect(valuesOf('rp').flat()).toEqual([
      {
        type: 'document',
        document: {
          contentType: 'application/pdf',
          title: 'Laboratory report',
          url: 'https://labo-valmy.example/reports/F-2013.pdf',
        },
      },
    ]);
  });

  it('as any other type of HL7 table 0125 has an outcome, and none is dropped', () => {
    const outcomes = observationsOf('values/other-types').map(({ valueType, values: [value, ...more] }) => [
      valueType,
      value?.type === 'text' ? value.text : value?.type,
      ...more.map((other) => (other.type === 'text' ? other.text : other.type)),
    ]);
    expect(outcomes).toEqual([
      ['AD', '12 rue des Tanneurs Valmy 51800 FR'],
      ['CF', 'concept'],
      ['CK', '700123 4 M11'],
      ['CN', '1 Garance Amandine'],
      ['CNE', 'concept'],
      ['CP', '12.50 EUR UP'],
      ['CX', '700123 LABO-VALMY MR'],
      ['DR', 'period'],
      ['EI', 'S-77 LABO-VALMY'],
      ['ID', 'concept'],
      ['IS', 'concept'],
      ['MA', '1 2', '3 4'],
      ['MO', 'quantity'],
      ['NA', '1 2 3'],
      ['NR', 'range'],
      ['PN', 'Delatour Odile'],
      ['TN', '(03)2655-1234'],
      ['XAD', '12 rue des Tanneurs Valmy 51800 FR'],
      ['XCN', '10101234567 Garance Amandine'],
      ['XON', 'Labo Valmy L'],
      ['XPN', 'Delatour Odile'],
      ['XTN', 'PRN PH 33 3 26551234'],
      ['SI', '3'],
      ['HD', 'LABO-VALMY'],
      ['QQ', 'a type of our own'],
    ]);
    expect(warningsOf('other-types')).toEqual([['103', 25, 2]]);
  });
});

describe('OBX-8', () => {
  it('keeps the codes of table 0078 as they were sent', () => {
    expect(observationsOf('values/interpretations').map(({ interpretation }) => interpretation.join())).toEqual([
      'L',
      'H',
      'LL',
      'HH',
      'N',
      'A',
      'AA',
      '<',
      '>',
      'R',
      'S',
      'I',
      'H,A',
      'LL',
      '',
    ]);
  });
});

describe('OBX-11 and OBR-25', () => {
  it('have the status that each code is given, and keep the code', () => {
    const statuses = observationsOf('statuses/result-statuses').map(({ statusCode, status }) => [statusCode, status]);
    expect(Object.fromEntries(statuses)).toEqual({
      P: 'preliminary',
      F: 'final',
      C: 'corrected',
      A: 'amended',
      X: 'cancelled',
      D: 'entered-in-error',
      W: 'entered-in-error',
      B: 'unknown',
      I: 'unknown',
      N: 'unknown',
      O: 'unknown',
      R: 'unknown',
      S: 'unknown',
      U: 'unknown',
      V: 'unknown',
    });
    const { reports } = parsedFixture('statuses/report-statuses').message;
    expect(Object.fromEntries(reports.map(({ statusCode, status }) => [statusCode, status]))).toEqual({
      O: 'registered',
      I: 'registered',
      S: 'registered',
      P: 'preliminary',
      R: 'partial',
      F: 'final',
      C: 'corrected',
      X: 'cancelled',
      A: 'partial',
      M: 'preliminary',
      N: 'registered',
      Y: 'unknown',
      Z: 'unknown',
    });
  });

  it('leave the report unknown where OBR-25 is empty', () => {
    const { message } = parsedFixture('statuses/without-report-status');
    expect(message.reports[0]?.status).toBe('unknown');
    expect(message.warnings).toMatchObject([{ code: '101', place: { segment: 'OBR', occurrence: 1, field: 25 } }]);
  });
});
