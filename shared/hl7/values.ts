import { faultCodes } from '../domain/lab-fault.ts';
import { isAmbiguous } from '../domain/lab-decimal.ts';
import type { Comparator, LabQuantity, LabUnit, LabValue } from '../domain/lab-report.ts';
import { conceptAt } from './codings.ts';
import { embeddedDocument, referencedDocument } from './documents.ts';
import {
  componentAt,
  componentsAt,
  eachRepetition,
  fieldAt,
  report,
  repetitionsAt,
  type Segment,
  textAt,
} from './segment.ts';
import { parseTime, parseTimeOfDay } from './times.ts';

const VALUE = 5;

type Read = (segment: Segment, repetition: number, unit: LabUnit | undefined) => LabValue | undefined;

/** What becomes of each type of HL7 table 0125, with those that older versions and laboratories know. */
const readers: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['NM', readNumber],
  ['SN', readStructuredNumber],
  ['NR', readNumericRange],
  ['MO', readMoney],
  ['CE', readConcept],
  ['CWE', readConcept],
  ['CNE', readConcept],
  ['CF', readConcept],
  ['IS', readConcept],
  ['ID', readConcept],
  ['ST', readText],
  ['TX', readText],
  ['FT', readText],
  ['SRT', readText],
  ['GTS', readText],
  ['DT', readTime],
  ['TS', readTime],
  ['DTM', readTime],
  ['TM', readTimeOfDay],
  ['DR', readPeriod],
  ['ED', readEmbedded],
  ['RP', readReferenced],
  // People, places, numbers to call, identifiers, arrays: what they say is kept, to be read and not to be reckoned with.
  ...[
    'AD',
    'CK',
    'CM',
    'CN',
    'CP',
    'CQ',
    'CX',
    'DLN',
    'EI',
    'EIP',
    'FN',
    'HD',
    'JCC',
    'MA',
    'NA',
    'OG',
    'PL',
    'PN',
  ].map((type) => [type, readParts] as const),
  ...['PPN', 'PT', 'QIP', 'RI', 'SAD', 'SI', 'SNM', 'TN', 'TQ', 'VID', 'XAD', 'XCN', 'XON', 'XPN', 'XTN'].map(
    (type) => [type, readParts] as const,
  ),
]);

/** Reads OBX-5 by the type that OBX-2 names. What is not of its type is kept as text, under a warning. */
export function valuesAt(segment: Segment, unit: LabUnit | undefined): LabValue[] {
  const type = componentAt(segment, 2).toUpperCase();
  if (repetitionsAt(segment, VALUE) === 0) return [];
  const read = readers.get(type) ?? readUndeclared;
  if (read === readText || read === readUndeclared) return wholeText(segment, read);
  return eachRepetition(segment, VALUE, (repetition) => read(segment, repetition, unit));
}

/** Repetitions of text are its lines (HL7 v2.8.2, 7.4.2.5). */
function wholeText(segment: Segment, read: Read): LabValue[] {
  if (read === readUndeclared) warnOfType(segment);
  const lines: string[] = [];
  for (let repetition = 1; repetition <= repetitionsAt(segment, VALUE); repetition += 1)
    lines.push(textOf(segment, repetition));
  const text = lines.join('\n').trimEnd();
  return text === '' ? [] : [{ type: 'text', text }];
}

function warnOfType(segment: Segment): void {
  const isEmpty = componentAt(segment, 2) === '';
  const code = isEmpty ? faultCodes.requiredFieldMissing : faultCodes.tableValueNotFound;
  report(segment, 2, { code, severity: 'warning', text: 'The type of the value is not known; it is kept as text' });
}

/** A caret in text that nobody escaped parts it: the parts are put together again. */
function textOf(segment: Segment, repetition: number): string {
  const components = fieldAt(segment, VALUE)[repetition - 1] ?? [];
  const texts = components.map((_, index) => textAt(segment, VALUE, index + 1, repetition));
  return texts.join(segment.reading.separators.component).trimEnd();
}

function readText(segment: Segment, repetition: number): LabValue | undefined {
  const text = textOf(segment, repetition);
  return text === '' ? undefined : { type: 'text', text };
}

function readUndeclared(segment: Segment, repetition: number): LabValue | undefined {
  return readText(segment, repetition);
}

function readParts(segment: Segment, repetition: number): LabValue | undefined {
  const { subcomponent } = segment.reading.separators;
  const parts = componentsAt(segment, VALUE, repetition).map((part) => part.split(subcomponent).join(' ').trim());
  const text = parts.filter((part) => part !== '').join(' ');
  return text === '' ? undefined : { type: 'text', text };
}

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
const comparators: Readonly<Record<string, Comparator>> = {
  '<': '<',
  '>': '>',
  '<=': '<=',
  '=<': '<=',
  '≤': '<=',
  '>=': '>=',
  '=>': '>=',
  '≥': '>=',
};
const COMPARED = /^(<=|>=|=<|=>|≤|≥|<|>)?\s*([^]+)$/;

/** With a digit on either side of the point and no plus, as JSON writes numbers; undefined where it is no number. */
function decimalOf(written: string): string | undefined {
  // A comma between digits is a decimal comma, for HL7 has no sign for thousands; where it may be one all the same, nobody guesses.
  const pointed = /^[+-]?\d+,\d+$/.test(written) && !isAmbiguous(written) ? written.replace(',', '.') : written;
  if (!DECIMAL.test(pointed)) return undefined;
  const [, sign = '', digits = '', rest = ''] = /^([+-]?)0*(\d*)(.*)$/.exec(pointed) ?? [];
  return `${sign === '-' ? '-' : ''}${digits || '0'}${rest.replace(/^\.(?!\d)/, '')}`;
}

function quantity(written: string, unit: LabUnit | undefined): LabQuantity | undefined {
  const [, sign = '', number = ''] = COMPARED.exec(written) ?? [];
  const value = decimalOf(number);
  if (value === undefined) return undefined;
  const comparator = comparators[sign];
  return { number: value, ...(comparator !== undefined && { comparator }), ...(unit && { unit }) };
}

function readNumber(segment: Segment, repetition: number, unit: LabUnit | undefined): LabValue | undefined {
  const written = componentAt(segment, VALUE, 1, repetition);
  if (written === '') return undefined;
  const found = quantity(written, unit);
  return found
    ? { type: 'quantity', ...found }
    : asText(segment, repetition, 'This is no number that can be read in one way');
}

/** MO: an amount in a currency of ISO 4217. */
function readMoney(segment: Segment, repetition: number): LabValue | undefined {
  const currency = componentAt(segment, VALUE, 2, repetition);
  return readNumber(segment, repetition, currency === '' ? undefined : { text: currency });
}

/** SN (HL7 v2.8.2, 2A.3.68): comparator, number, separator or suffix, number. */
function readStructuredNumber(segment: Segment, repetition: number, unit: LabUnit | undefined): LabValue | undefined {
  const [sign = '', first = '', separator = '', second = ''] = componentsAt(segment, VALUE, repetition);
  if (first === '' && second === '') return asText(segment, repetition, 'There is no number in it');
  if (sign !== '' && sign !== '=' && comparators[sign] === undefined)
    return asText(segment, repetition, 'This is no comparator');
  const one = quantity((sign === '=' ? '' : sign) + first, unit);
  const other = second === '' ? undefined : quantity(second, unit);
  if (one && separator === '' && second === '') return { type: 'quantity', ...one };
  if (one && other && separator === '-') return { type: 'range', low: one, high: other };
  if (one && other && (separator === ':' || separator === '/'))
    return { type: 'ratio', numerator: one, denominator: other };
  if (one && (separator === '+' || separator === '.')) return { type: 'text', text: sign + first + separator + second };
  return asText(segment, repetition, 'This is no structured number');
}

function readNumericRange(segment: Segment, repetition: number, unit: LabUnit | undefined): LabValue | undefined {
  const [low, high] = [1, 2].map((part) => quantity(componentAt(segment, VALUE, part, repetition), unit));
  if (!low && !high) return asText(segment, repetition, 'There is no number in it');
  return { type: 'range', ...(low && { low }), ...(high && { high }) };
}

function readConcept(segment: Segment, repetition: number): LabValue | undefined {
  const concept = conceptAt(segment, VALUE, repetition);
  return concept && { type: 'concept', concept };
}

function readTime(segment: Segment, repetition: number): LabValue | undefined {
  const written = componentAt(segment, VALUE, 1, repetition);
  if (written === '') return undefined;
  const time = parseTime(written, segment.reading.clock);
  return time === undefined ? asText(segment, repetition, 'This is no time') : { type: 'dateTime', time };
}

function readTimeOfDay(segment: Segment, repetition: number): LabValue | undefined {
  const written = componentAt(segment, VALUE, 1, repetition);
  if (written === '') return undefined;
  const time = parseTimeOfDay(written);
  return time === undefined ? asText(segment, repetition, 'This is no time of day') : { type: 'time', time };
}

function readPeriod(segment: Segment, repetition: number): LabValue | undefined {
  const [start, end] = [1, 2].map((part) =>
    parseTime(componentAt(segment, VALUE, part, repetition), segment.reading.clock),
  );
  if (start === undefined && end === undefined) return asText(segment, repetition, 'There is no time in it');
  return { type: 'period', ...(start !== undefined && { start }), ...(end !== undefined && { end }) };
}

/** A document that cannot be read is refused: as text nobody could read it either. */
function readEmbedded(segment: Segment, repetition: number): LabValue | undefined {
  const document = embeddedDocument(segment, VALUE, repetition);
  if (document) return { type: 'document', document };
  const fault = { code: faultCodes.dataType, severity: 'error', repetition, component: 5 } as const;
  report(segment, VALUE, { ...fault, text: 'The document is not encoded as it says' });
  return undefined;
}

function readReferenced(segment: Segment, repetition: number): LabValue | undefined {
  const document = referencedDocument(segment, VALUE, repetition);
  return document ? { type: 'document', document } : readText(segment, repetition);
}

function asText(segment: Segment, repetition: number, text: string): LabValue | undefined {
  report(segment, VALUE, { code: faultCodes.dataType, severity: 'warning', repetition, text });
  return readText(segment, repetition);
}
