import type {
  Attachment,
  CodeableConcept,
  Coding,
  Identifier,
  ObservationReferenceRange,
  Quantity,
} from '@medplum/fhirtypes';

import type { ReferenceRange } from '../domain/lab-range.ts';
import {
  type LabCoding,
  type LabConcept,
  type LabDocument,
  type LabIdentifier,
  type LabQuantity,
  type LabUnit,
  UCUM,
} from '../domain/lab-report.ts';
import { IDENTIFIER_TYPE } from './code-systems.ts';
import { jsonNumber } from './decimal.ts';

const OWN_NAME = 'urn:id:';

export function toCodeableConcept({ codings, text }: LabConcept): CodeableConcept {
  return { ...(codings.length > 0 && { coding: codings.map(toCoding) }), ...(text !== undefined && { text }) };
}

export function toIdentifier({ value, system, type }: LabIdentifier, kind = type): Identifier {
  return {
    ...(kind !== undefined && { type: { coding: [{ system: IDENTIFIER_TYPE, code: kind }] } }),
    ...(system !== undefined && { system: toUri(system) }),
    value,
  };
}

export function toQuantity({ number, comparator, unit }: LabQuantity): Quantity {
  return { value: jsonNumber(number), ...(comparator && { comparator }), ...toUnit(unit) };
}

/** FHIR's ends are always included: an end that is not stays in the text. */
export function toReferenceRange({ text, low, high }: ReferenceRange, unit?: LabUnit): ObservationReferenceRange {
  return {
    ...(low && { low: toQuantity({ number: low.number, ...(unit && { unit }) }) }),
    ...(high && { high: toQuantity({ number: high.number, ...(unit && { unit }) }) }),
    text,
  };
}

export function toAttachment({ contentType, title, data, url }: LabDocument): Attachment {
  return {
    contentType,
    ...(title !== undefined && { title }),
    ...(data !== undefined && { data }),
    ...(url !== undefined && { url }),
  };
}

function toCoding({ code, system, display }: LabCoding): Coding {
  return {
    ...(system !== undefined && { system: toUri(system) }),
    code,
    ...(display !== undefined && { display }),
  };
}

function toUnit(unit: LabUnit | undefined): Quantity {
  if (!unit) return {};
  return { unit: unit.text, ...(unit.ucum !== undefined && { system: UCUM, code: unit.ucum }) };
}

/** FHIR names systems by URIs; a name that a laboratory chose becomes one. */
function toUri(system: string): string {
  return /^[a-z][a-z0-9+.-]*:\S+$/i.test(system) ? system : OWN_NAME + encodeURIComponent(system);
}

/** The name that `toUri` made a URI of, so that a laboratory's codes are the same in either format. */
export function fromUri(uri: string): string {
  if (!uri.startsWith(OWN_NAME)) return uri;
  try {
    return decodeURIComponent(uri.slice(OWN_NAME.length));
  } catch {
    return uri;
  }
}
