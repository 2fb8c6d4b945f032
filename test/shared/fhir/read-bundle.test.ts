import type { Bundle, BundleEntry, DiagnosticReport } from '@medplum/fhirtypes';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { LabReport } from '../../../shared/domain/lab-report.ts';
import { INTERPRETATION } from '../../../shared/fhir/code-systems.ts';
import { toBundle } from '../../../shared/fhir/diagnostic-report.ts';
import { toOperationOutcome } from '../../../shared/fhir/operation-outcome.ts';
import { readBundle } from '../../../shared/fhir/read-bundle.ts';
import { fixtureNames, readFixture } from '../hl7/fixtures.ts';
import { sampleBundle } from './bundle-sample.ts';

const options = { sender: 'somebody' };

function read(bundle: unknown) {
  return readBundle(JSON.stringify(bundle), options);
}

function reportIn(bundle: Bundle): LabReport {
  const parsed = read(bundle);
  if (parsed.outcome === 'refused') throw new Error(JSON.stringify(parsed.faults));
  const [report] = parsed.message.reports;
  if (!report) throw new Error('There is no report in it');
  return report;
}

function faultsOf(bundle: unknown) {
  const refused = read(bundle);
  return refused.outcome === 'refused' ? refused.faults : [];
}

describe('a bundle', () => {
  it('says what a message of HL7 v2 says', () => {
    const parsed = read(sampleBundle());
    expect(parsed).toMatchObject({
      outcome: 'parsed',
      message: { sender: 'https://labo-valmy.example', controlId: 'BUNDLE-1', sentAt: '2026-03-09T10:20:00+01:00' },
    });
    expect(reportIn(sampleBundle())).toEqual({
      fillerOrder: { value: 'F-8001', system: 'urn:oid:1.2.250.1.71.4' },
      placerOrder: { value: 'CF-1001' },
      service: { codings: [{ code: '24323-8', system: 'http://loinc.org' }], text: 'Metabolic panel' },
      status: 'final',
      statusCode: 'final',
      statusChangedAt: '2026-03-09T10:15:00+01:00',
      section: 'CH',
      orderedBy: [{ value: '10101234567', system: 'RPPS' }],
      patient: {
        identifiers: [{ value: '280047512345678', system: 'urn:oid:1.2.250.1.213.1.4.8' }],
        birthDate: '1980-04-12',
        sex: 'female',
      },
      specimens: [{ identifiers: [{ value: '7001234' }], collectedAt: '2026-03-09T08:00:00+01:00' }],
      observations: [
        {
          identity: 'http%3A%2F%2Floinc.org%3A2823-3|',
          code: {
            codings: [{ code: '2823-3', system: 'http://loinc.org', display: 'Potassium' }],
            text: 'Potassium',
          },
          values: [{ type: 'quantity', number: '6.3', unit: { text: 'mmol/L', ucum: 'mmol/L' } }],
          unit: { text: 'mmol/L', ucum: 'mmol/L' },
          ranges: [
            {
              text: '3.5-5.1',
              low: { number: '3.5', inclusive: true },
              high: { number: '5.1', inclusive: true },
            },
          ],
          interpretation: ['HH'],
          status: 'final',
          statusCode: 'final',
          observedAt: '2026-03-09T08:00:00+01:00',
          analysedAt: '2026-03-09T09:55:00+01:00',
          notes: [],
        },
      ],
      documents: [],
      notes: [],
    });
  });

  it('keeps decimals as they are written', () => {
    const text = JSON.stringify(sampleBundle()).replace('"value":6.3', '"value":6.300');
    const parsed = readBundle(text, options);
    expect(parsed).toMatchObject({
      message: { reports: [{ observations: [{ values: [{ number: '6.300' }] }] }] },
    });
  });

  it('is read with a byte order mark before it', () => {
    expect(readBundle(`\uFEFF${JSON.stringify(sampleBundle())}`, options).outcome).toBe('parsed');
  });

  it.each<[string, object, object[]]>([
    ['a concept', { valueCodeableConcept: { coding: [{ code: 'A' }] } }, [{ type: 'concept' }]],
    ['a string', { valueString: 'clear' }, [{ type: 'text', text: 'clear' }]],
    ['a boolean', { valueBoolean: true }, [{ type: 'text', text: 'true' }]],
    ['an integer', { valueInteger: 7 }, [{ type: 'quantity', number: '7' }]],
    ['a range', { valueRange: { low: { value: 2 }, high: { value: 5 } } }, [{ type: 'range', low: { number: '2' } }]],
    [
      'a ratio',
      { valueRatio: { numerator: { value: 1 }, denominator: { value: 160 } } },
      [{ type: 'ratio', denominator: { number: '160' } }],
    ],
    ['a time', { valueTime: '07:15:00' }, [{ type: 'time', time: '07:15:00' }]],
    ['a date', { valueDateTime: '2026-03' }, [{ type: 'dateTime', time: '2026-03' }]],
    ['a period', { valuePeriod: { start: '2026-03-01' } }, [{ type: 'period', start: '2026-03-01' }]],
    ['sampled data', { valueSampledData: { data: '1 2 3' } }, [{ type: 'text', text: '1 2 3' }]],
    ['nothing', {}, []],
  ])('may hold %s', (_, value, expected) => {
    const [observation] = reportIn(sampleBundle({ observation: { valueQuantity: undefined, ...value } })).observations;
    expect(observation?.values).toMatchObject(expected);
  });

  it.each([
    [
      [
        { system: 'local', code: 'CRIT' },
        { system: INTERPRETATION, code: 'HH' },
      ],
      ['HH'],
    ],
    [
      [
        { system: 'local', code: 'LL' },
        { system: INTERPRETATION, code: 'N' },
      ],
      ['N'],
    ],
    [
      [{ system: 'local', code: 'CRIT' }, { code: 'HH' }],
      ['CRIT', 'HH'],
    ],
    [[{ display: 'critical' }], []],
  ])('is interpreted by each of its codings, by those of HL7 table 0078 before others: %j', (coding, expected) => {
    const [observation] = reportIn(sampleBundle({ observation: { interpretation: [{ coding }] } })).observations;
    expect(observation?.interpretation).toEqual(expected);
  });

  it('has the parts of an observation and of a panel as observations of their own', () => {
    const components = [
      { code: { coding: [{ code: '8480-6' }] }, valueQuantity: { value: 120 } },
      { code: { coding: [{ code: '8462-4' }] }, valueString: 'not heard' },
    ];
    const parts = reportIn(sampleBundle({ observation: { valueQuantity: undefined, component: components } }));
    expect(parts.observations.map(({ code, values }) => [code.codings[0]?.code, values])).toMatchObject([
      ['8480-6', [{ number: '120' }]],
      ['8462-4', [{ text: 'not heard' }]],
    ]);
    const panel = {
      valueQuantity: undefined,
      hasMember: [{ reference: 'Observation/member' }, { reference: 'Observation/potassium' }],
    };
    const member = { resourceType: 'Observation', id: 'member', status: 'final', code: { text: 'Sodium' } } as const;
    expect(
      reportIn(sampleBundle({ observation: panel }, [{ resource: member }])).observations.map(({ code }) => code.text),
    ).toEqual(['Sodium']);
  });

  it('may have panels in panels however deep', () => {
    const depth = 9_000;
    const panels = Array.from({ length: depth }, (_, index): BundleEntry => ({
      resource: {
        resourceType: 'Observation',
        id: `panel-${index}`,
        status: 'final',
        code: { text: `Panel ${index}` },
        hasMember: [{ reference: `Observation/${index + 1 < depth ? `panel-${index + 1}` : 'potassium'}` }],
      },
    }));
    const bundle = sampleBundle({ report: { result: [{ reference: 'Observation/panel-0' }] } }, panels);
    expect(reportIn(bundle).observations.map(({ code }) => code.text)).toEqual(['Potassium']);
  });

  it('tells the observations of one order apart, whichever of its reports each is in', () => {
    const haemoglobin = (id: string) =>
      ({ resourceType: 'Observation', id, status: 'final', code: { text: 'Hemoglobin' } }) as const;
    const second: DiagnosticReport = {
      resourceType: 'DiagnosticReport',
      identifier: [{ type: { coding: [{ code: 'FILL' }] }, system: 'urn:oid:1.2.250.1.71.4', value: 'F-8001' }],
      status: 'final',
      code: { text: 'Blood gases' },
      result: [{ reference: 'Observation/two' }, { reference: 'Observation/potassium' }],
    };
    const result = [{ reference: 'Observation/one' }, { reference: 'Observation/potassium' }];
    const more = [haemoglobin('one'), haemoglobin('two'), second].map((resource) => ({ resource }));
    const parsed = read(sampleBundle({ report: { result } }, more));
    const reports = parsed.outcome === 'parsed' ? parsed.message.reports : [];
    expect(reports.map(({ observations }) => observations.map(({ identity }) => identity))).toEqual([
      ['Hemoglobin|', 'http%3A%2F%2Floinc.org%3A2823-3|'],
      ['Hemoglobin||2', 'http%3A%2F%2Floinc.org%3A2823-3|'],
    ]);
  });

  it('calls amended what was appended, and keeps the word', () => {
    expect(reportIn(sampleBundle({ report: { status: 'appended' } }))).toMatchObject({
      status: 'amended',
      statusCode: 'appended',
    });
  });
});

describe('a bundle that cannot be taken', () => {
  const reports = (count: number) =>
    Array.from({ length: count }, () => ({ resource: sampleBundle().entry?.[0]?.resource }));
  const components = (count: number) =>
    Array.from({ length: count }, () => ({ code: { text: 'Part' }, valueInteger: 1 }));

  it('is one with more reports, or results of a report, than one may have', () => {
    const [tooMany, most] = [500, 499].map((count) => ({
      ...sampleBundle(),
      entry: [...(sampleBundle().entry ?? []), ...reports(count)],
    }));
    expect(faultsOf(tooMany)).toMatchObject([{ code: '104', expression: 'Bundle.entry' }]);
    expect(faultsOf(most)).toEqual([]);
    expect(faultsOf(sampleBundle({ observation: { component: components(2_000) } }))).toMatchObject([
      { code: '104', expression: 'Bundle.entry[0].resource.result' },
    ]);
    expect(faultsOf(sampleBundle({ observation: { component: components(1_999) } }))).toEqual([]);
  });

  it.each<[string, unknown, string, string]>([
    ['no bundle', { resourceType: 'Patient' }, '103', 'Bundle.resourceType'],
    ['without a report', { ...sampleBundle(), entry: [] }, '101', 'Bundle.entry'],
    ['without a number', { ...sampleBundle(), identifier: undefined }, '101', 'Bundle.identifier'],
    ['of no known status', sampleBundle({ report: { status: 'done' } }), '103', 'Bundle.entry[0].resource.status'],
    [
      'whose result is of no known status',
      sampleBundle({ observation: { status: 'done' } }),
      '103',
      'Bundle.entry[2].resource.status',
    ],
    [
      'whose result says not what it is of',
      sampleBundle({ observation: { code: {} } }),
      '102',
      'Bundle.entry[2].resource.code',
    ],
    [
      'whose result is missing',
      sampleBundle({ report: { result: [{ reference: 'Observation/other' }] } }),
      '204',
      'Bundle.entry[0].resource.result[0]',
    ],
    [
      'whose report has no number',
      sampleBundle({ report: { identifier: [], basedOn: [] } }),
      '101',
      'Bundle.entry[0].resource.identifier',
    ],
    [
      'on a day that is not',
      sampleBundle({ observation: { effectiveDateTime: '2026-02-30' } }),
      '102',
      'Bundle.entry[2].resource.effectiveDateTime',
    ],
    [
      'whose patient was born on no date',
      sampleBundle({ patient: { birthDate: 'in spring' } }),
      '102',
      'Bundle.entry[1].resource.birthDate',
    ],
  ])('is refused with the place: %s', (_, bundle, code, expression) => {
    const faults = faultsOf(bundle);
    expect(faults).toContainEqual(expect.objectContaining({ code, severity: 'error', expression }));
    for (const { text } of faults) expect(text).not.toMatch(/done|spring|other/);
  });

  it('is refused where it is no JSON', () => {
    expect(readBundle('{', options)).toMatchObject({ outcome: 'refused', faults: [{ expression: 'Bundle' }] });
  });

  it('is never more than refused, whatever is changed in it', () => {
    const text = JSON.stringify(sampleBundle());
    const anything = fc.oneof(fc.json(), fc.constantFrom('null', '[]', '{}', '0', '"x"', '1e999', '-'));
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(12), anything, (at, length, put) => {
        const result = readBundle(text.slice(0, at) + put + text.slice(at + length), options);
        if (result.outcome === 'refused') {
          expect(result.faults.length).toBeGreaterThan(0);
          for (const { expression } of result.faults) expect(expression).toMatch(/^Bundle/);
        }
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(readBundle(json, options).outcome).toBe('refused');
      }),
    );
  });
});

describe('what is written as FHIR', () => {
  const parsed = fixtureNames().flatMap((name) =>
    readFixture(name).flatMap((message) => (message.outcome === 'parsed' ? [[name, message] as const] : [])),
  );

  it.each(parsed)('can be read again and says the same: %s', (_, { message }) => {
    const reports = message.reports.map((report, index) => ({
      report,
      id: `r${index}`,
      patientId: 'p1',
      observationIds: report.observations.map((_, of) => `o${index}-${of}`),
    }));
    const bundle = { ...toBundle('collection', reports), id: 'B1' };
    const again = read(bundle);
    if (again.outcome === 'refused') throw new Error(JSON.stringify(again.faults));
    again.message.reports.forEach((report, index) => {
      const sent = message.reports[index];
      expect(report.fillerOrder).toEqual(sent?.fillerOrder);
      expect(report.status).toBe(sent?.status);
      expect(report.service).toEqual(sent?.service);
      const single = report.observations.filter((_, of) => (sent?.observations[of]?.values.length ?? 0) <= 1);
      if (single.length === report.observations.length)
        expect(report.observations.map(said)).toEqual(sent?.observations.map(said));
    });
  });
});

function said({ code, values, ranges, interpretation, status, notes }: LabReport['observations'][number]) {
  return {
    code,
    values: values.filter(({ type }) => type !== 'document'),
    ranges,
    interpretation,
    status,
    notes,
  };
}

describe('OperationOutcome', () => {
  it('has an issue for each fault, with its place and nothing of the bundle', () => {
    const faults = faultsOf(sampleBundle({ report: { status: 'done' } }));
    expect(toOperationOutcome(faults)).toMatchObject({
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'error', code: 'code-invalid', expression: ['Bundle.entry[0].resource.status'] }],
    });
  });

  it('says that all is well where it is', () => {
    expect(toOperationOutcome([])).toMatchObject({ issue: [{ severity: 'information', code: 'informational' }] });
  });
});
