import type * as z from 'zod';

import type { LabResultSubmitted } from '../../schemas/events/lab-message.v1.ts';
import { parseReferenceRange } from '../../shared/domain/lab-range.ts';
import {
  type LabConcept,
  type LabMessage,
  type LabObservation,
  type LabReport,
  observationIdentity,
} from '../../shared/domain/lab-report.ts';

type Submitted = z.infer<typeof LabResultSubmitted.data>;
type SubmittedReport = Submitted['reports'][number];
type SubmittedObservation = SubmittedReport['observations'][number];

/** What an event of our own says, in the words of the domain. */
export function messageOf({ sender, controlId, sentAt, reports }: Submitted): LabMessage {
  const counts = new Map<string, number>();
  const said = reports.map((report) => reportOf(report, counts));
  return whole<LabMessage>({ sender, controlId, sentAt, reports: said, warnings: [] });
}

function reportOf(report: SubmittedReport, counts: Map<string, number>): LabReport {
  const { observations, ...rest } = report;
  const order = `${report.fillerOrder.system ?? ''}|${report.fillerOrder.value}`;
  const occurrenceOf = (code: LabConcept, subId: string | undefined): number => {
    const key = `${order} ${observationIdentity(code, subId, 1)}`;
    const occurrence = (counts.get(key) ?? 0) + 1;
    counts.set(key, occurrence);
    return occurrence;
  };
  const found = observations.map((one) => observationOf(one, occurrenceOf));
  return whole<LabReport>({ ...rest, statusCode: '', observations: found });
}

function observationOf(
  { ranges, ...observation }: SubmittedObservation,
  occurrenceOf: (code: LabConcept, subId: string | undefined) => number,
): LabObservation {
  const { code, subId } = whole<Pick<LabObservation, 'code' | 'subId'>>(observation);
  return whole<LabObservation>({
    ...observation,
    identity: observationIdentity(code, subId, occurrenceOf(code, subId)),
    ranges: ranges.map(parseReferenceRange),
    statusCode: '',
  });
}

/** zod gives members that are left out as `undefined`; the domain leaves them out. */
type Loose<Value> = Value extends readonly (infer Item)[]
  ? readonly Loose<Item>[]
  : Value extends object
    ? { readonly [Member in keyof Value]: Loose<Value[Member]> | (undefined extends Value[Member] ? undefined : never) }
    : Value;

function whole<Value>(loose: Loose<Value>): Value {
  // JSON has no undefined: what is left is the value without it.
  const value: Value = JSON.parse(JSON.stringify(loose));
  return value;
}
