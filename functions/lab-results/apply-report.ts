import type { Queryable } from '../../shared/db/client.ts';
import {
  addDocuments,
  addObservationVersions,
  addReportVersions,
  findReport,
  listObservations,
  listObservationsById,
  listReportVersions,
  saveObservations,
  saveReport,
} from '../../shared/db/lab-reports.ts';
import type { CriticalLimit } from '../../shared/db/local-codes.ts';
import type { OutgoingEvent } from '../../shared/db/outbox.ts';
import { resultCorrected, resultReleased, resultRetracted } from '../../shared/db/result-events.ts';
import { isForPatient, isReadByPatient, settleRelease, undecided } from '../../shared/db/result-release.ts';
import type { ReportRow } from '../../shared/db/schema/laboratory.ts';
import { isCritical } from '../../shared/domain/lab-critical.ts';
import { withLimits } from '../../shared/domain/lab-critical-limits.ts';
import { isConclusive } from '../../shared/domain/lab-status.ts';
import { gravestOf } from '../../shared/domain/lab-version.ts';
import type { At } from './deps.ts';
import {
  type LocalCode,
  type Merged,
  type MergedObservation,
  mergeReport,
  observationIdOf,
  reportIdOf,
  type Telling,
} from './merge-report.ts';
import { raiseNews } from './raise-alerts.ts';

/** What codes mean and from where on a value is critical. */
export type Vocabulary = {
  readonly loincOf: (local: LocalCode) => string | undefined;
  readonly limits: readonly CriticalLimit[];
};

/**
 * Joins what a message says of a report to what is known, in the transaction that has taken the report: state, alerts, release
 * and the events that tell of them.
 */
export async function applyReport(
  tx: Queryable,
  telling: Telling,
  vocabulary: Vocabulary,
  at: At,
): Promise<OutgoingEvent[]> {
  const { sender, report: said, country } = telling;
  const id = reportIdOf(sender, said);
  const before = await findReport(tx, { id, country });
  const orderedBy = before?.practitionerId ?? telling.practitionerId;
  const isContested = telling.practitionerId !== undefined && telling.practitionerId !== orderedBy;
  const ids = said.observations.map((observation) => observationIdOf(sender, said, observation));
  const merged = mergeReport(telling, {
    report: before,
    versions: isContested ? await listReportVersions(tx, id) : [],
    observations: new Map((await listObservationsById(tx, ids)).map((row) => [row.id, row])),
    loincOf: vocabulary.loincOf,
    isCritical: (observation, loinc) => isCritical(withLimits(observation, loinc, vocabulary.limits)),
  });
  const report = await save(tx, merged, before);
  const changed = merged.observations.filter(({ change }) => change !== 'repeated');
  const alerts = await raiseNews(tx, report, changed, vocabulary.limits, at);
  return [...alerts, ...(await release(tx, merged, report, at))];
}

/** Parents before what hangs on them; the version counts what was said, so it is known last. */
async function save(tx: Queryable, merged: Merged, before: ReportRow | undefined): Promise<ReportRow> {
  const version = before?.version ?? 0;
  await saveReport(tx, { ...merged.report, version });
  await addDocuments(tx, merged.documents);
  await saveObservations(
    tx,
    merged.observations.map(({ after }) => after),
  );
  const added =
    (await addReportVersions(tx, merged.reportVersions)) +
    (await addObservationVersions(tx, merged.observationVersions));
  return { ...merged.report, version: version + added };
}

async function release(tx: Queryable, merged: Merged, report: ReportRow, at: At): Promise<OutgoingEvent[]> {
  const observations = await listObservations(tx, [report.id]);
  const toDecide = hasFinalNews(merged) ? undecided(report) : report;
  const { report: settled, events } = await settleRelease(tx, toDecide, observations, at);
  if (!report.releasedAt) return [...events];
  return toldPatient(merged, settled, at);
}

/** Whether the laboratory stands by something that it did not say before: whoever decided has not seen it. */
function hasFinalNews(merged: Merged): boolean {
  const isNews = ({ after, change }: MergedObservation) => change !== 'repeated' && isConclusive(after.status);
  return tellsMore(merged) || merged.observations.some(isNews);
}

/** Whether the report itself has a word to say that it did not. */
function tellsMore({ report: { status, content }, reportChange }: Merged): boolean {
  const hasOwn = content.documents.length > 0 || content.notes.length > 0;
  return hasOwn && reportChange !== 'repeated' && isConclusive(status);
}

/** What a patient who could see the report is told: the gravest of what changed, or that there is more to see. */
function toldPatient(merged: Merged, settled: ReportRow, at: At): OutgoingEvent[] {
  const { reportChange, observations } = merged;
  const seen = observations.filter(({ before }) => before && isForPatient(before));
  const gravest = gravestOf([reportChange, ...seen.map(({ change }) => change)]);
  if (gravest === 'retracted') return [resultRetracted(settled, at)];
  if (!settled.releasedAt) return [];
  if (gravest === 'corrected') return [resultCorrected(settled, at)];
  const isMore = observations.some(
    ({ before, after }) => isReadByPatient(after) && !(before && isReadByPatient(before)),
  );
  return isMore || tellsMore(merged) ? [resultReleased(settled, at)] : [];
}
