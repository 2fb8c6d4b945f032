import { interpretationCodes } from '../domain/lab-interpretation.ts';
import type { ReferenceRange } from '../domain/lab-range.ts';
import { parseReferenceRange } from '../domain/lab-range.ts';
import {
  type LabCoding,
  type LabConcept,
  type LabDocument,
  type LabIdentifier,
  type LabQuantity,
  type LabUnit,
  type LabValue,
  UCUM,
} from '../domain/lab-report.ts';
import { fromUri } from './data-types.ts';
import type { AttachmentElement, Concept, IdentifierElement, QuantityElement, Said } from './contract.ts';

export function fromConcept({ coding = [], text }: Concept): LabConcept {
  const codings = coding.flatMap(({ code, system, display }): LabCoding[] =>
    code === undefined
      ? []
      : [{ code, ...(system !== undefined && { system: fromUri(system) }), ...(display !== undefined && { display }) }],
  );
  const words = text ?? coding.find(({ display }) => display !== undefined)?.display;
  return { codings, ...(words !== undefined && { text: words }) };
}

export function fromIdentifier({ value, system, type }: IdentifierElement): LabIdentifier | undefined {
  if (value === undefined || value === '') return undefined;
  const kind = typeOf({ type });
  return { value, ...(system !== undefined && { system: fromUri(system) }), ...(kind !== undefined && { type: kind }) };
}

export function fromIdentifiers(identifiers: readonly IdentifierElement[] = []): LabIdentifier[] {
  return identifiers.flatMap((identifier) => fromIdentifier(identifier) ?? []);
}

/** HL7 table 0203. */
export function typeOf({ type }: Pick<IdentifierElement, 'type'>): string | undefined {
  return type?.coding?.find(({ code }) => code !== undefined)?.code;
}

export function fromAttachment({ contentType, title, data, url }: AttachmentElement): LabDocument | undefined {
  if (data === undefined && url === undefined) return undefined;
  return {
    contentType: contentType ?? 'application/octet-stream',
    ...(title !== undefined && { title }),
    ...(data !== undefined && { data }),
    ...(url !== undefined && { url }),
  };
}

export function unitOf({ unit, system, code }: QuantityElement): LabUnit | undefined {
  const ucum = system === UCUM ? code : undefined;
  const text = unit ?? code;
  return text === undefined ? undefined : { text, ...(ucum !== undefined && { ucum }) };
}

/** What was found: every kind of value that FHIR knows and a laboratory sends. */
export function valuesOf(said: Said): LabValue[] {
  const { valueCodeableConcept: concept, valueString, valueBoolean, valueInteger, valueSampledData } = said;
  const { valueTime: time, valueDateTime: dateTime, valuePeriod: period } = said;
  if (said.valueQuantity) return some(fromQuantity(said.valueQuantity), (found) => ({ type: 'quantity', ...found }));
  if (concept) return [{ type: 'concept', concept: fromConcept(concept) }];
  if (valueInteger !== undefined) return [{ type: 'quantity', number: String(valueInteger) }];
  if (said.valueRange) return rangeOf(said.valueRange);
  if (said.valueRatio) return ratioOf(said.valueRatio);
  if (time !== undefined) return [{ type: 'time', time }];
  if (dateTime !== undefined) return [{ type: 'dateTime', time: dateTime }];
  if (period) return [{ type: 'period', ...period }].flatMap(withoutUndefined);
  const text = valueString ?? valueSampledData?.data ?? (valueBoolean === undefined ? undefined : String(valueBoolean));
  return text === undefined ? [] : [{ type: 'text', text }];
}

export function rangesOf({ referenceRange = [] }: Said): ReferenceRange[] {
  return referenceRange.flatMap(({ low, high, text }) => {
    const written = text ?? writtenRange(low?.value, high?.value);
    if (written === undefined) return [];
    const parsed = parseReferenceRange(written);
    return [
      {
        text: parsed.text,
        ...endOf('low', low?.value, parsed),
        ...endOf('high', high?.value, parsed),
      },
    ];
  });
}

/** Codes of HL7 table 0078, which FHIR took over. */
export function interpretationOf({ interpretation = [] }: Said): string[] {
  return interpretation.flatMap((concept) => interpretationCodes(fromConcept(concept).codings));
}

function fromQuantity(quantity: QuantityElement): LabQuantity | undefined {
  const { value, comparator } = quantity;
  if (value === undefined) return undefined;
  const unit = unitOf(quantity);
  return { number: value, ...(comparator && { comparator }), ...(unit && { unit }) };
}

function some<Given>(given: Given | undefined, toValue: (given: Given) => LabValue): LabValue[] {
  return given === undefined ? [] : [toValue(given)];
}

function rangeOf({ low, high }: NonNullable<Said['valueRange']>): LabValue[] {
  const [least, most] = [low && fromQuantity(low), high && fromQuantity(high)];
  return least || most ? [{ type: 'range', ...(least && { low: least }), ...(most && { high: most }) }] : [];
}

function ratioOf({ numerator, denominator }: NonNullable<Said['valueRatio']>): LabValue[] {
  const [above, below] = [numerator && fromQuantity(numerator), denominator && fromQuantity(denominator)];
  return above && below ? [{ type: 'ratio', numerator: above, denominator: below }] : [];
}

function withoutUndefined({ start, end }: { start?: string | undefined; end?: string | undefined }): LabValue[] {
  return [{ type: 'period', ...(start !== undefined && { start }), ...(end !== undefined && { end }) }];
}

function writtenRange(low: string | undefined, high: string | undefined): string | undefined {
  if (low !== undefined && high !== undefined) return `${low}-${high}`;
  if (low !== undefined) return `>= ${low}`;
  return high === undefined ? undefined : `<= ${high}`;
}

/** An end stands as FHIR gives it; whether it is included, FHIR can say in the text only. */
function endOf(end: 'low' | 'high', number: string | undefined, parsed: ReferenceRange): Partial<ReferenceRange> {
  const inText = parsed[end];
  if (number === undefined) return inText ? { [end]: inText } : {};
  return { [end]: { number, inclusive: inText?.number === number ? inText.inclusive : true } };
}
