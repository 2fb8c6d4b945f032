import { isCriticalCode } from './lab-interpretation.ts';
import type { LabObservation } from './lab-report.ts';
import { isRetraction } from './lab-status.ts';
import { contentOf } from './lab-version.ts';

/** Minutes from the alert to each further one: CLSI GP47 allows an hour in all, CAP asks for 15 to 30 minutes. */
const escalationMinutes = [15, 30, 60] as const;

export type EscalationStep = 1 | 2 | 3;

/** Whether a clinician has to know at once. A preliminary result counts; one that was taken back does not. */
export function isCritical({ interpretation, status }: Pick<LabObservation, 'interpretation' | 'status'>): boolean {
  return interpretation.some(isCriticalCode) && !isRetraction(status);
}

/** Whether `next` is to be alerted to: it is critical, and nobody was alerted to just that before. */
export function isCriticalNews(before: LabObservation | undefined, next: LabObservation): boolean {
  if (!isCritical(next)) return false;
  return before === undefined || !isCritical(before) || measured(before) !== measured(next);
}

/** When a step is due; undefined after the last. */
export function escalationAt(raisedAt: Temporal.Instant, step: number): Temporal.Instant | undefined {
  const minutes = escalationMinutes[step - 1];
  return minutes === undefined ? undefined : raisedAt.add({ minutes });
}

export type Alert = {
  readonly raisedAt: Temporal.Instant;
  readonly acknowledgedAt: Temporal.Instant | undefined;
  /** The last step taken; 0 before the first. */
  readonly step: number;
};

/** The step an alert is due for: the highest whose time has come, when steps were missed. */
export function escalationDue(
  { raisedAt, acknowledgedAt, step }: Alert,
  now: Temporal.Instant,
): EscalationStep | undefined {
  if (acknowledgedAt) return undefined;
  const due = ([3, 2, 1] as const).find((each) => isPast(escalationAt(raisedAt, each), now));
  return due !== undefined && due > step ? due : undefined;
}

/** Since when an alert was raised of which somebody may still be told, or may not have read yet: the last step is due in an hour. */
export function alertedSince(now: Temporal.Instant): Temporal.Instant {
  return now.subtract({ minutes: 90 });
}

function isPast(at: Temporal.Instant | undefined, now: Temporal.Instant): boolean {
  return at !== undefined && Temporal.Instant.compare(at, now) <= 0;
}

/**
 * What was found, whatever has become of its status and whoever flagged it: a final result that confirms a preliminary one is
 * no news, nor is one that limits flag as its laboratory did.
 */
function measured(observation: LabObservation): string {
  return contentOf({ ...observation, status: 'unknown', statusCode: '', notes: [], ranges: [], interpretation: [] });
}
