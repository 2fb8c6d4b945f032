import { decideRelease, type ReleaseDecision } from '../domain/lab-release.ts';
import { isConclusive } from '../domain/lab-status.ts';
import type { Queryable } from './client.ts';
import { listAlerts } from './critical-alerts.ts';
import { addReleaseDecision, listObservations, lockReport, type ReportId, saveReport } from './lab-reports.ts';
import { enqueue, type OutgoingEvent } from './outbox.ts';
import { getReleasePreference } from './release-preferences.ts';
import { resultReleased } from './result-events.ts';
import {
  type AlertRow,
  laboratoryOutbox,
  type ObservationRow,
  type ReportRow,
  type WhyHeld,
} from './schema/laboratory.ts';

type At = { readonly now: Temporal.Instant; readonly traceparent: string };

/** A report as it is now, with the events that tell of it. */
export type Settled = { readonly report: ReportRow; readonly events: readonly OutgoingEvent[] };

/**
 * Decides anew when the patient may see a report that is taken, and saves it. What is visible follows from what is known
 * and the time alone, in whatever order it became known: a critical result that comes later hides the report again.
 */
export async function settleRelease(
  tx: Queryable,
  report: ReportRow,
  observations: readonly ObservationRow[],
  { now, traceparent }: At,
): Promise<Settled> {
  const [alerts, preference] = [await listAlerts(tx, report.id), await getReleasePreference(tx, report.patientId)];
  const known = { ...report, conclusiveAt: conclusiveAt(report, observations, now) };
  const decision = hasAnything(report, observations)
    ? decide({ ...known, preference, alerts, observations })
    : { releaseAt: undefined, heldBecause: ['unmapped-code' as const] };
  const settled = { ...known, ...released(report, decision, now) };
  await saveReport(tx, settled);
  if (isNews(report, settled)) {
    const { releaseAt, heldBecause } = settled;
    await addReleaseDecision(tx, { reportId: report.id, decidedAt: now, releaseAt, heldBecause });
  }
  const events =
    report.releasedAt === null && settled.releasedAt ? [resultReleased(settled, { now, traceparent })] : [];
  return { report: settled, events };
}

/** Takes a report, changes it and lets its patient see it if that is due by then. Throws `not-found`. */
export async function changeRelease(
  tx: Queryable,
  id: ReportId,
  change: (report: ReportRow) => ReportRow,
  at: At,
): Promise<Settled> {
  const report = change(await lockReport(tx, id));
  const settled = await settleRelease(tx, report, await listObservations(tx, [report.id]), at);
  await enqueue(tx, laboratoryOutbox, settled.events);
  return settled;
}

/** A report whose release nobody has decided on: what is new in it is held as if it had come alone. */
export function undecided(report: ReportRow): ReportRow {
  return { ...report, conclusiveAt: null, reviewedAt: null, reviewedBy: null, forcedAt: null, forcedBy: null };
}

/** What a patient may be shown once the report is released; of what its laboratory does not stand by, that there is something. */
export function isForPatient({ wasConclusive, isParked }: ObservationRow): boolean {
  return wasConclusive && !isParked;
}

/** Whether a patient reads what it says once the report is released. */
export function isReadByPatient(row: ObservationRow): boolean {
  return isForPatient(row) && isConclusive(row.status);
}

function hasAnything({ content, status }: ReportRow, observations: readonly ObservationRow[]): boolean {
  const hasDocument = content.documents.length > 0 && isConclusive(status);
  return hasDocument || observations.length === 0 || observations.some((one) => !one.isParked);
}

function conclusiveAt(
  report: ReportRow,
  observations: readonly ObservationRow[],
  now: Temporal.Instant,
): Temporal.Instant | null {
  const isKnown = isConclusive(report.status) || observations.some((observation) => observation.wasConclusive);
  return report.conclusiveAt ?? (isKnown ? now : null);
}

type Facts = ReportRow & {
  readonly preference: Parameters<typeof decideRelease>[0]['preference'];
  readonly alerts: readonly AlertRow[];
  readonly observations: readonly ObservationRow[];
};

function decide({ alerts, observations, ...report }: Facts): ReleaseDecision {
  const { conclusiveAt, forcedAt, reviewedAt, category, preference } = report;
  if (!conclusiveAt) return { releaseAt: undefined, heldBecause: ['not-final'] };
  if (forcedAt) return { releaseAt: forcedAt, heldBecause: [] };
  const isCritical = observations.some((observation) => observation.isCritical);
  const raised = alerts.filter(({ closedAt }) => closedAt === null);
  const isAcknowledged = raised.every(({ acknowledgedAt }) => acknowledgedAt !== null);
  return decideRelease({
    status: 'final',
    // A clinician has their time from the moment they are alerted.
    conclusiveAt: (isCritical && latest([conclusiveAt, ...raised.map(({ raisedAt }) => raisedAt)])) || conclusiveAt,
    category,
    preference,
    reviewedAt: reviewedAt ?? undefined,
    isCritical,
    acknowledgedAt: isAcknowledged ? latest(raised.flatMap((alert) => alert.acknowledgedAt ?? [])) : undefined,
  });
}

function latest(times: readonly Temporal.Instant[]): Temporal.Instant | undefined {
  return times.toSorted((one, other) => Temporal.Instant.compare(other, one))[0];
}

function released(
  { releasedAt }: ReportRow,
  decision: { releaseAt: Temporal.Instant | undefined; heldBecause: readonly WhyHeld[] },
  now: Temporal.Instant,
): Pick<ReportRow, 'releaseAt' | 'heldBecause' | 'releasedAt'> {
  const { releaseAt = null, heldBecause } = decision;
  const isDue = releaseAt !== null && Temporal.Instant.compare(releaseAt, now) <= 0;
  return { releaseAt, heldBecause: [...heldBecause], releasedAt: isDue ? (releasedAt ?? now) : null };
}

function isNews(before: ReportRow, after: ReportRow): boolean {
  const told = ({ releaseAt, heldBecause }: ReportRow) => `${releaseAt?.toString()} ${heldBecause.join()}`;
  return told(before) !== told(after);
}
