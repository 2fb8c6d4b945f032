import type { LabObservation } from '../../../shared/domain/lab-report.ts';

/** A potassium of 4.1, final. */
export function sampleObservation(changes: Partial<LabObservation> = {}): LabObservation {
  return {
    identity: 'K|',
    code: { codings: [{ code: '2823-3', system: 'http://loinc.org' }] },
    values: [{ type: 'quantity', number: '4.1' }],
    ranges: [],
    interpretation: [],
    status: 'final',
    statusCode: 'F',
    notes: [],
    ...changes,
  };
}

export function at(text: string): Temporal.Instant {
  return Temporal.Instant.from(text);
}
