import type { Queryable } from './client.ts';
import { listObservations, lockReport, type ReportId, saveObservations } from './lab-reports.ts';
import type { CriticalLimit } from './local-codes.ts';
import { enqueue, type OutgoingEvent } from './outbox.ts';
import { settleRelease } from './result-release.ts';
import { laboratoryOutbox, type ObservationRow } from './schema/laboratory.ts';
import { isCritical } from '../domain/lab-critical.ts';
import { withLimits } from '../domain/lab-critical-limits.ts';
import { undecided } from '../domain/lab-piece.ts';
import { criticalNews, raiseNews } from './raise-alerts.ts';

type At = { readonly now: Temporal.Instant; readonly traceparent: string };

type Mapped = { readonly system: string; readonly code: string; readonly loinc: string };

/** Gives the parked observations of a report their code, as if it had been known when they came. */
export async function unparkReport(
  tx: Queryable,
  id: ReportId,
  { system, code, loinc }: Mapped,
  limits: readonly CriticalLimit[],
  at: At,
): Promise<OutgoingEvent[]> {
  const report = await lockReport(tx, id);
  const before = await listObservations(tx, [report.id]);
  const waits = (row: ObservationRow) => row.isParked && row.localSystem === system && row.localCode === code;
  const changed = before.filter(waits).map((row) => {
    const critical = isCritical(withLimits(row.content, loinc, limits));
    return { before: row, after: { ...row, loinc, isParked: false, isCritical: critical } };
  });
  if (changed.length === 0) return [];
  // Whoever decided did not know.
  const news = new Set(criticalNews(changed, limits));
  await saveObservations(
    tx,
    changed.map((one) => (news.has(one) ? undecided(one.after) : one.after)),
  );
  const alerts = await raiseNews(tx, report, changed, limits, at);
  const settled = await settleRelease(tx, { report, observations: await listObservations(tx, [report.id]) }, at);
  const events = [...alerts, ...settled.events];
  await enqueue(tx, laboratoryOutbox, events);
  return events;
}
