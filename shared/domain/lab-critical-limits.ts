import { isAmbiguous } from './lab-decimal.ts';
import type { LabObservation, LabUnit, LabValue } from './lab-report.ts';
import { isSameUnit, ucumOf } from './lab-unit.ts';

/** From where on a value of an analyte needs a clinician at once. Decimal text; null where there is no such end. */
export type AnalyteLimit = {
  readonly loinc: string;
  /** UCUM. */
  readonly unit: string;
  readonly low: string | null;
  readonly high: string | null;
};

/**
 * The observation flagged by the limits of its analyte as its laboratory would flag it: HH at or above the upper one, LL at or
 * below the lower one (HL7 table 0078). Limits in another unit say nothing of it.
 */
export function withLimits(
  observation: LabObservation,
  loinc: string | null,
  limits: readonly AnalyteLimit[],
): LabObservation {
  const flags = observation.values.flatMap((value) => {
    const measured = measuredIn(value);
    if (!measured) return [];
    const unit = unitIn(measured.unit) ?? unitIn(observation.unit);
    if (unit === undefined) return [];
    const limit = limits.find((one) => one.loinc === loinc && isSameUnit(one.unit, unit));
    return limit === undefined ? [] : flagsOfAll(measured, limit);
  });
  return flags.length === 0
    ? observation
    : { ...observation, interpretation: [...new Set([...observation.interpretation, ...flags])] };
}

type Measured = {
  /** More than one where it is written so that it may be either. */
  readonly numbers: readonly number[];
  readonly comparator: string | undefined;
  readonly unit?: LabUnit | undefined;
};

function unitIn(unit: LabUnit | undefined): string | undefined {
  return unit && ucumOf(unit);
}

const NUMBER_IN_TEXT = /^(<=|>=|=<|=>|≤|≥|<|>)? {0,3}([+-]?\d{1,20}(?:[.,]\d{1,20})?)$/;

/** A number that was sent as text is one all the same. */
function measuredIn(value: LabValue): Measured | undefined {
  if (value.type === 'quantity')
    return { numbers: [Number(value.number)], comparator: value.comparator, unit: value.unit };
  if (value.type !== 'text') return undefined;
  const [, sign, written] = NUMBER_IN_TEXT.exec(value.text.trim()) ?? [];
  return written === undefined ? undefined : { numbers: readingsOf(written), comparator: comparatorOf(sign) };
}

function readingsOf(written: string): number[] {
  const decimal = Number(written.replace(',', '.'));
  return isAmbiguous(written) ? [decimal, Number(written.replace(',', ''))] : [decimal];
}

function comparatorOf(sign: string | undefined): string | undefined {
  if (sign === undefined) return undefined;
  return /[<≤]/.test(sign) ? '<' : '>';
}

/** Where a number may be either of two, both have to lie beyond a limit. */
function flagsOfAll({ numbers, comparator }: Measured, limit: AnalyteLimit): string[] {
  const flags = numbers.map((number) => flagsOf(number, comparator, limit));
  return flags.every(({ length }) => length > 0) ? [...new Set(flags.flat())] : [];
}

/** What is below something may lie beyond the lower limit only, and what is above something beyond the upper. */
function flagsOf(number: number, comparator: string | undefined, { low, high }: AnalyteLimit): string[] {
  const isLow = low !== null && number <= Number(low) && comparator?.startsWith('>') !== true;
  const isHigh = high !== null && number >= Number(high) && comparator?.startsWith('<') !== true;
  return [...(isLow ? ['LL'] : []), ...(isHigh ? ['HH'] : [])];
}
