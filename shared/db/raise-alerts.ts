import type { Queryable } from './client.ts';
import { addressAlerts, closeAlerts, findDutyClinician, raiseAlerts } from './critical-alerts.ts';
import type { CriticalLimit } from './local-codes.ts';
import type { OutgoingEvent } from './outbox.ts';
import { criticalRaised } from './result-events.ts';
import type { AlertRow, ObservationRow, ReportRow } from './schema/laboratory.ts';
import { isCriticalNews } from '../domain/lab-critical.ts';
import { withLimits } from '../domain/lab-critical-limits.ts';
import { idOf } from './derived-ids.ts';

type At = { readonly now: Temporal.Instant; readonly traceparent: string };

export type Changed = { readonly before: ObservationRow | undefined; readonly after: ObservationRow };

/** Alerts to what has become critical, and ends the alerts to what is so no more, or is something else now. */
export async function raiseNews(
  tx: Queryable,
  report: ReportRow,
  changed: readonly Changed[],
  limits: readonly CriticalLimit[],
  at: At,
): Promise<OutgoingEvent[]> {
  const news = criticalNews(changed, limits);
  const over = changed.filter((one) => !one.after.isCritical || news.includes(one));
  await closeAlerts(
    tx,
    over.map(({ after }) => after.id),
    at.now,
  );
  const addressed = await tellOrderer(tx, report, at);
  if (news.length === 0) return addressed;
  const practitionerId = report.practitionerId ?? (await findDutyClinician(tx, report.country)) ?? null;
  const raised = await raiseAlerts(
    tx,
    news.map(({ after }) => alertOf(after, report, practitionerId, at)),
  );
  // Where there is nobody to tell, the cron does when there is.
  if (practitionerId === null) return [];
  return [...addressed, ...raised.map((row) => criticalRaised({ ...row, practitionerId }, at))];
}

/** Who ordered it may be named after something critical was found that there was nobody to tell of. */
async function tellOrderer(tx: Queryable, { id, practitionerId }: ReportRow, at: At): Promise<OutgoingEvent[]> {
  if (practitionerId === null) return [];
  const addressed = await addressAlerts(tx, id, practitionerId);
  return addressed.map((row) => criticalRaised({ ...row, practitionerId }, at));
}

/** What has become critical, or is so in another way. */
export function criticalNews<Change extends Changed>(
  changed: readonly Change[],
  limits: readonly CriticalLimit[],
): Change[] {
  const flagged = ({ content, loinc }: ObservationRow) => withLimits(content, loinc, limits);
  return changed.filter(({ before, after }) => isCriticalNews(before && flagged(before), flagged(after)));
}

function alertOf(
  { id: observationId, digest, changedAt, analysedAt, sentAt }: ObservationRow,
  { id: reportId, country, patientId, version }: ReportRow,
  practitionerId: string | null,
  { now }: At,
): AlertRow {
  const toldIds = practitionerId === null ? [] : [practitionerId];
  const about = { country, reportId, patientId, practitionerId, toldIds, observationId, reportVersion: version };
  const open = { raisedAt: now, step: 0, acknowledgedAt: null, acknowledgedBy: null, closedAt: null };
  // Of this telling alone: a value that is given again after another is alerted to again.
  const telling = [changedAt, analysedAt, sentAt].map((time) => time ?? undefined);
  return { ...about, ...open, id: idOf('alert', observationId, digest, ...telling) };
}
