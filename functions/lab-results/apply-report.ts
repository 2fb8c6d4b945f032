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
import {
  isForPatient,
  isOwnWordRead,
  isReadByPatient,
  type Settled,
  settleRelease,
} from '../../shared/db/result-release.ts';
import type { ReportRow } from '../../shared/db/schema/laboratory.ts';
import { isCritical } from '../../shared/domain/lab-critical.ts';
import { withLimits } from '../../shared/domain/lab-critical-limits.ts';
import { gravestOf } from '../../shared/domain/lab-version.ts';
import type { At } from './deps.ts';
import { type LocalCode, type Merged, mergeReport, observationIdOf, reportIdOf, type Telling } from './merge-report.ts';
import { holdCritical } from './hold-critical.ts';
import { raiseNews } from '../../shared/db/raise-alerts.ts';

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
  const joined = mergeReport(telling, {
    report: before,
    versions: isContested ? await listReportVersions(tx, id) : [],
    observations: new Map((await listObservationsById(tx, ids)).map((row) => [row.id, row])),
    loincOf: vocabulary.loincOf,
    isCritical: (observation, loinc) => isCritical(withLimits(observation, loinc, vocabulary.limits)),
  });
  const merged = holdCritical(joined, before, vocabulary.limits);
  const report = await save(tx, merged, before);
  const changed = merged.observations.filter(({ change }) => change !== 'repeated');
  const alerts = await raiseNews(tx, report, changed, vocabulary.limits, at);
  const settled = await settleRelease(tx, { report, observations: await listObservations(tx, [id]) }, at);
  return [...alerts, ...(before?.releasedAt ? toldPatient(merged, before, settled, at) : settled.events)];
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

/** What a patient who could see something of the report is told: the gravest of what changed, or that there is more to see. */
function toldPatient(merged: Merged, before: ReportRow, settled: Settled, at: At): OutgoingEvent[] {
  const { report } = settled;
  const seen = merged.observations.filter((one) => one.before && isForPatient(one.before));
  const ofReport = merged.reportChange === 'retracted' || before.ownReleasedAt ? [merged.reportChange] : [];
  const gravest = gravestOf([...ofReport, ...seen.map(({ change }) => change)]);
  if (gravest === 'retracted') return [resultRetracted(report, at)];
  if (gravest === 'corrected' && isCorrectionSeen(merged, before, settled)) return [resultCorrected(report, at)];
  return settled.events.length > 0 || isReadAgain(merged, before, settled) ? [resultReleased(report, at)] : [];
}

/** What is corrected to something critical is told of when it is shown. */
function isCorrectionSeen({ observations, reportChange }: Merged, before: ReportRow, settled: Settled): boolean {
  const shown = new Set(settled.observations.filter(isForPatient).map(({ id }) => id));
  const seen = observations.filter((one) => one.before && isForPatient(one.before) && shown.has(one.after.id));
  const isOwn = reportChange === 'corrected' && before.ownReleasedAt !== null && settled.report.ownReleasedAt !== null;
  return isOwn || seen.some(({ change }) => change === 'corrected');
}

/** Whether the laboratory stands again by something that its patient was shown without what it says. */
function isReadAgain({ observations }: Merged, before: ReportRow, settled: Settled): boolean {
  const read = new Set(settled.observations.filter(isReadByPatient).map(({ id }) => id));
  const isOwn = isOwnWordRead(settled.report) && !isOwnWordRead(before);
  return isOwn || observations.some((one) => one.before && read.has(one.after.id) && !isReadByPatient(one.before));
}
