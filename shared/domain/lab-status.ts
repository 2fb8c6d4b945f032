/** FHIR `ObservationStatus`. */
export type ObservationStatus =
  'registered' | 'preliminary' | 'final' | 'amended' | 'corrected' | 'cancelled' | 'entered-in-error' | 'unknown';

/** FHIR `DiagnosticReportStatus`. */
export type ReportStatus = ObservationStatus | 'partial';

/**
 * OBX-11, HL7 table 0085. What has no target in FHIR (B, I, N, O, R, S, U, V) is `unknown` and keeps its code: nobody is told
 * it is final.
 */
const observationStatuses: Readonly<Record<string, ObservationStatus>> = {
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
};

/**
 * OBR-25, HL7 table 0123. M is "corrected, not final", which FHIR's `corrected` would call final; N is a procedure whose
 * results are pending; Y and Z answer queries that found no order or no patient.
 */
const reportStatuses: Readonly<Record<string, ReportStatus>> = {
  O: 'registered',
  I: 'registered',
  S: 'registered',
  P: 'preliminary',
  R: 'partial',
  A: 'partial',
  F: 'final',
  C: 'corrected',
  M: 'preliminary',
  X: 'cancelled',
  N: 'registered',
  Y: 'unknown',
  Z: 'unknown',
};

/** Undefined for a code that the table does not hold. */
export function observationStatusOf(code: string): ObservationStatus | undefined {
  return Object.hasOwn(observationStatuses, code) ? observationStatuses[code] : undefined;
}

/** Undefined for a code that the table does not hold. */
export function reportStatusOf(code: string): ReportStatus | undefined {
  return Object.hasOwn(reportStatuses, code) ? reportStatuses[code] : undefined;
}

/** Whether the laboratory stands by it: what a patient may be shown. */
export function isConclusive(status: ReportStatus): boolean {
  return status === 'final' || status === 'corrected' || status === 'amended';
}

/** Whether it takes back what was said before. */
export function isRetraction(status: ReportStatus): boolean {
  return status === 'entered-in-error' || status === 'cancelled';
}
