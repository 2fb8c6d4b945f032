import type { LabObservation } from './lab-report.ts';

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
    if (value.type !== 'quantity') return [];
    const unit = value.unit?.ucum ?? observation.unit?.ucum;
    const limit = limits.find((one) => one.loinc === loinc && one.unit === unit);
    return limit === undefined ? [] : flagsOf(Number(value.number), value.comparator, limit);
  });
  return flags.length === 0
    ? observation
    : { ...observation, interpretation: [...observation.interpretation, ...flags] };
}

/** What is below something may lie beyond the lower limit only, and what is above something beyond the upper. */
function flagsOf(number: number, comparator: string | undefined, { low, high }: AnalyteLimit): string[] {
  const isLow = low !== null && number <= Number(low) && comparator?.startsWith('>') !== true;
  const isHigh = high !== null && number >= Number(high) && comparator?.startsWith('<') !== true;
  return [...(isLow ? ['LL'] : []), ...(isHigh ? ['HH'] : [])];
}
