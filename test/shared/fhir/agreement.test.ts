import type { Bundle, CodeableConcept, DiagnosticReport, Observation } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';

import { toBundle } from '../../../shared/fhir/diagnostic-report.ts';
import type { ParsedMessage, ReadMessage } from '../../../shared/hl7/read-messages.ts';
import { fixtureBytes, fixtureNames, readFixture } from '../hl7/fixtures.ts';
import { type PlainObservation, plainObservations } from './plain-hl7.ts';

/** OBX-11; any other code is of no status that FHIR has. */
const statuses: Readonly<Record<string, string>> = {
  P: 'preliminary',
  F: 'final',
  C: 'corrected',
  A: 'amended',
  X: 'cancelled',
  D: 'entered-in-error',
  W: 'entered-in-error',
};

/** What a client reads: through JSON, with numbers as they stand there. */
function readBack(messages: readonly ParsedMessage[]): { text: string; bundle: Bundle } {
  const reports = messages.flatMap(({ message }) => message.reports);
  const text = JSON.stringify(
    toBundle(
      'searchset',
      reports.map((report, index) => ({
        report,
        id: `r${index}`,
        patientId: 'p1',
        observationIds: report.observations.map((_, of) => `o${index}-${of}`),
      })),
    ),
  );
  const bundle: Bundle = JSON.parse(text);
  return { text, bundle };
}

function resourcesOf<Type extends 'Observation' | 'DiagnosticReport'>({ entry = [] }: Bundle, type: Type) {
  const found = entry.flatMap(({ resource }) => (resource?.resourceType === type ? [resource] : []));
  return found as (Type extends 'Observation' ? Observation : DiagnosticReport)[];
}

function codesOf(concept: CodeableConcept | undefined): (string | undefined)[] {
  return (concept?.coding ?? []).map(({ code }) => code);
}

function isParsed(read: ReadMessage): read is ParsedMessage {
  return read.outcome === 'parsed';
}

const fixtures = fixtureNames().filter((name) => readFixture(name).some(isParsed));

describe('FHIR read back', () => {
  it.each(fixtures)('agrees with the message: %s', (name) => {
    const { bundle } = readBack(readFixture(name).filter(isParsed));
    const observations = resourcesOf(bundle, 'Observation');
    const sent = plainObservations(fixtureBytes(name));
    expect(observations).toHaveLength(sent.length);
    observations.forEach((observation, index) => mustAgree(observation, sent[index], bundle));
  });

  it('keeps each decimal as it was written', () => {
    const { text } = readBack(readFixture('values/nm').filter(isParsed));
    expect(text).toContain('"value":92.50,');
    expect(text).toContain('"high":{"value":2.60,');
  });

  it('keeps a status that FHIR has no word for as it was sent', () => {
    const { bundle } = readBack(readFixture('statuses/result-statuses').filter(isParsed));
    const unknown = resourcesOf(bundle, 'Observation').filter(({ status }) => status === 'unknown');
    expect(unknown.map(({ meta }) => meta?.tag?.[0]?.code)).toEqual(['B', 'I', 'N', 'O', 'R', 'S', 'U', 'V']);
  });

  it('has the documents that came with a report', () => {
    const { bundle } = readBack(readFixture('values/ed').filter(isParsed));
    const [report] = resourcesOf(bundle, 'DiagnosticReport');
    expect(report?.presentedForm).toMatchObject([{ contentType: 'application/pdf', title: 'Laboratory report' }]);
    expect(Buffer.from(report?.presentedForm?.[0]?.data ?? '', 'base64').toString()).toContain('%PDF-1.4');
  });

  it('refers to resources that the bundle holds', () => {
    for (const name of fixtures) {
      const { bundle } = readBack(readFixture(name).filter(isParsed));
      const urls = new Set(bundle.entry?.map(({ fullUrl }) => fullUrl));
      const references = resourcesOf(bundle, 'DiagnosticReport').flatMap(({ result = [] }) => result);
      for (const { reference } of references) expect(urls).toContain(reference);
    }
  });
});

function mustAgree(observation: Observation, sent: PlainObservation | undefined, bundle: Bundle): void {
  if (!sent) throw new Error('There is an observation that nobody sent');
  expect(observation.status).toBe(statuses[sent.status] ?? 'unknown');
  expect(codesOf(observation.code)).toEqual(sent.codes);
  expect((observation.interpretation ?? []).flatMap(codesOf)).toEqual(sent.flags);
  expect((observation.referenceRange ?? []).map(({ text }) => text)).toEqual(sent.ranges);
  for (const { low, high, text = '' } of observation.referenceRange ?? [])
    for (const end of [low?.value, high?.value])
      if (end !== undefined) expect(text.replaceAll(',', '.')).toContain(String(end));
  mustAgreeOnValue(observation, sent, bundle);
}

function mustAgreeOnValue(observation: Observation, sent: PlainObservation, bundle: Bundle): void {
  const { type, values, unit } = sent;
  if (type === 'ED' || type === 'RP') return mustHoldDocument(bundle, values[0] ?? []);
  const written = values.filter((parts) => parts.some((part) => part !== ''));
  if (isText(type)) {
    const text = written.map((parts) => parts.join('^')).join('\n');
    return expect(observation.valueString ?? '').toBe(text);
  }
  if (written.length === 0) return expect(observation.dataAbsentReason).toBeDefined();
  const told: Valued[] = written.length > 1 ? (observation.component ?? []) : [observation];
  expect(told).toHaveLength(written.length);
  told.forEach((each, index) => mustMean(each, type, written[index] ?? [], unit));
}

type Valued = Observation | NonNullable<Observation['component']>[number];

function isText(type: string): boolean {
  return ['', 'ST', 'TX', 'FT'].includes(type);
}

function mustHoldDocument(bundle: Bundle, [pointer, , , , data]: readonly string[]): void {
  const forms = resourcesOf(bundle, 'DiagnosticReport').flatMap(({ presentedForm = [] }) => presentedForm);
  if (data === undefined) expect(forms.map(({ url }) => url)).toContain(pointer);
  else expect(forms.map((form) => form.data)).toContain(data);
}

function mustMean(told: Valued, type: string, parts: readonly string[], unit: string): void {
  const [first = '', second = '', third = '', fourth = ''] = parts;
  const { valueQuantity: quantity } = told;
  if (type === 'NM' || type === 'SN') {
    const [sign, number] = type === 'NM' ? (/^([<>]=?)?(.*)$/.exec(first)?.slice(1) ?? []) : [first, second];
    const expected = Number((number ?? '').replace(',', '.'));
    if (fourth !== '') expect(endsOf(told)).toEqual([Number(second), Number(fourth)]);
    else if (third !== '') expect(told.valueString).toBe(parts.join(''));
    else if (Number.isNaN(expected)) expect(told.valueString).toBe(first);
    else expect([quantity?.comparator, quantity?.value]).toEqual([sign?.replace('=', '') || undefined, expected]);
    if (quantity) expect(quantity.unit ?? '').toBe(unit);
  } else if (type === 'CE' || type === 'CWE') {
    const { coding = [], text } = told.valueCodeableConcept ?? {};
    expect(coding.map(({ code }) => code)).toEqual([first, fourth].filter((code) => code !== ''));
    expect(text).toBe(parts[8] ?? second);
  } else if (['DT', 'TM', 'TS', 'DTM'].includes(type)) {
    const digits = (told.valueDateTime ?? told.valueTime)?.replaceAll(/[-:T]/g, '');
    if (digits === undefined) expect(told.valueString).toBe(first);
    else expect(digits).toMatch(new RegExp(`^${first.slice(0, 14).split('+')[0]?.replace('.', '\\.')}`));
  } else {
    // What each other type becomes is spelt out where the values are tested.
    expect(Object.keys(told).some((name) => name.startsWith('value'))).toBe(true);
  }
}

function endsOf({ valueRange, valueRatio }: Valued): (number | undefined)[] {
  const ends = valueRange ? [valueRange.low, valueRange.high] : [valueRatio?.numerator, valueRatio?.denominator];
  return ends.map((end) => end?.value);
}
