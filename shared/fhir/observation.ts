import type { CodeableConcept, Observation, ObservationComponent } from '@medplum/fhirtypes';

import type { LabObservation, LabValue } from '../domain/lab-report.ts';
import { ABSENT_REASON, INTERPRETATION, OBSERVATION_CATEGORY, RESULT_STATUS } from './code-systems.ts';
import { toCodeableConcept, toQuantity, toReferenceRange } from './data-types.ts';

/** What a resource says beside what the laboratory said. */
export type Placed = {
  readonly id: string;
  readonly patientId: string;
};

type Valued = Pick<
  Observation,
  | 'valueQuantity'
  | 'valueCodeableConcept'
  | 'valueString'
  | 'valueRange'
  | 'valueRatio'
  | 'valueTime'
  | 'valueDateTime'
  | 'valuePeriod'
>;

/** FHIR R4 Observation of a result. Its documents belong to the report's `presentedForm`. */
export function toObservation(observation: LabObservation, { id, patientId }: Placed): Observation {
  const { code, status, statusCode, observedAt, analysedAt, method, unit } = observation;
  return {
    resourceType: 'Observation',
    id,
    ...statusTag(statusCode),
    status,
    category: [{ coding: [{ system: OBSERVATION_CATEGORY, code: 'laboratory' }] }],
    code: toCodeableConcept(code),
    subject: { reference: `Patient/${patientId}` },
    ...(observedAt !== undefined && { effectiveDateTime: observedAt }),
    ...(analysedAt !== undefined && analysedAt.length > 10 && { issued: analysedAt }),
    ...valuesOf(observation),
    ...list('interpretation', observation.interpretation.map(toInterpretation)),
    ...list(
      'note',
      observation.notes.map((text) => ({ text })),
    ),
    ...(method && { method: toCodeableConcept(method) }),
    ...list(
      'referenceRange',
      observation.ranges.map((range) => toReferenceRange(range, unit)),
    ),
  };
}

/** Of several values each is a component (invariant obs-7: then there is none beside them). */
function valuesOf({ code, values }: LabObservation): Partial<Observation> {
  const readable = values.filter(({ type }) => type !== 'document');
  const [first, ...others] = readable;
  if (!first) return values.length > 0 ? {} : { dataAbsentReason: absent };
  if (others.length === 0) return toValue(first);
  return {
    component: readable.map((value): ObservationComponent => ({ code: toCodeableConcept(code), ...toValue(value) })),
  };
}

const absent: CodeableConcept = { coding: [{ system: ABSENT_REASON, code: 'unknown' }] };

function toValue(value: LabValue): Valued {
  switch (value.type) {
    case 'quantity':
      return { valueQuantity: toQuantity(value) };
    case 'range':
      return {
        valueRange: {
          ...(value.low && { low: toQuantity(value.low) }),
          ...(value.high && { high: toQuantity(value.high) }),
        },
      };
    case 'ratio':
      return { valueRatio: { numerator: toQuantity(value.numerator), denominator: toQuantity(value.denominator) } };
    case 'concept':
      return { valueCodeableConcept: toCodeableConcept(value.concept) };
    case 'text':
      return { valueString: value.text };
    case 'dateTime':
      return { valueDateTime: value.time };
    case 'time':
      return { valueTime: value.time };
    case 'period':
      return {
        valuePeriod: {
          ...(value.start !== undefined && { start: value.start }),
          ...(value.end !== undefined && { end: value.end }),
        },
      };
    case 'document':
    default:
      return {};
  }
}

function toInterpretation(code: string): CodeableConcept {
  return { coding: [{ system: INTERPRETATION, code }] };
}

/** A status that FHIR has no word for is kept as its sender wrote it. */
function statusTag(code: string): Pick<Observation, 'meta'> {
  return /^[A-Z]$/.test(code) ? { meta: { tag: [{ system: RESULT_STATUS, code }] } } : {};
}

/** FHIR has no empty arrays. */
function list<Name extends string, Item>(name: Name, items: readonly Item[]): { [Key in Name]?: Item[] } {
  return items.length > 0 ? ({ [name]: [...items] } as { [Key in Name]: Item[] }) : {};
}
