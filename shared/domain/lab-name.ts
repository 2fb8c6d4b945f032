import { type LabObservation, type LabReport, observationIdentity, reportIdentity } from './lab-report.ts';

/** Encoded characters: three such names make one key of a database, and PostgreSQL has keys of 2,704 bytes at most. */
const MOST_ENCODED = 500;

export function isTooLong(name: string): boolean {
  return encodeURIComponent(name.toWellFormed()).length > MOST_ENCODED;
}

/** Which of the names a report is known by is too long to be kept. */
export function overlongOfReport({
  fillerOrder,
  service,
}: Pick<LabReport, 'fillerOrder' | 'service'>): 'fillerOrder' | 'service' | undefined {
  if (reportIdentity({ fillerOrder, service: { codings: [] } }).length > MOST_ENCODED) return 'fillerOrder';
  return reportIdentity({ fillerOrder, service }).length > MOST_ENCODED ? 'service' : undefined;
}

/** Which of the names an observation is known by is too long to be kept. */
export function overlongOfObservation({
  code,
  identity,
}: Pick<LabObservation, 'code' | 'identity'>): 'code' | 'subId' | undefined {
  const isCodeTooLong = code.codings.some(({ code: text }) => isTooLong(text));
  if (isCodeTooLong || observationIdentity(code, undefined, 1).length > MOST_ENCODED) return 'code';
  return identity.length > MOST_ENCODED ? 'subId' : undefined;
}
