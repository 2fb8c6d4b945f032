import type { Queryable } from '../../shared/db/client.ts';
import { moveAlerts } from '../../shared/db/critical-alerts.ts';
import { forgetHidden, listHidden, moveHidden, rememberHidden } from '../../shared/db/hidden-pieces.ts';
import {
  addDocuments,
  addObservationVersions,
  addReportVersions,
  findReport,
  listObservations,
  listObservationsById,
  listReportVersions,
  type ReportId,
  saveObservations,
  saveReport,
} from '../../shared/db/lab-reports.ts';
import type { CriticalLimit } from '../../shared/db/local-codes.ts';
import type { OutgoingEvent } from '../../shared/db/outbox.ts';
import { resultCorrected, resultReleased, resultRetracted } from '../../shared/db/result-events.ts';
import {
  hiddenOf,
  isForPatient,
  isOwnWordRead,
  isReadByPatient,
  type Settled,
  settleRelease,
} from '../../shared/db/result-release.ts';
import type { ObservationRow, ReportRow } from '../../shared/db/schema/laboratory.ts';
import { isCritical } from '../../shared/domain/lab-critical.ts';
import { withLimits } from '../../shared/domain/lab-critical-limits.ts';
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
  const known = await listObservationsById(tx, ids);
  const joined = mergeReport(telling, {
    report: before,
    versions: isContested ? await listReportVersions(tx, id) : [],
    observations: new Map(known.map((row) => [row.id, row])),
    loincOf: vocabulary.loincOf,
    isCritical: (observation, loinc) => isCritical(withLimits(observation, loinc, vocabulary.limits)),
  });
  const merged = holdCritical(joined, before, vocabulary.limits);
  const report = await save(tx, merged, before);
  await moveAlong(tx, merged);
  const changed = merged.observations.filter(({ change }) => change !== 'repeated');
  const alerts = await raiseNews(tx, report, changed, vocabulary.limits, at);
  const hidden = await listHidden(tx, id, ids);
  const settled = await settleRelease(tx, { report, observations: await listObservations(tx, [id]) }, at);
  await rememberHidden(tx, id, hiddenOf({ report: before, observations: formerOf(merged) }, settled));
  const told = await tellPatient(tx, merged, { before, hidden }, settled, at);
  return [...alerts, ...told, ...(await settleOthers(tx, { id, country }, known, at))];
}

/** What hangs on observations goes with them into the report that they are said to be in now. */
async function moveAlong(tx: Queryable, { report, observations }: Merged): Promise<void> {
  const moved = observations.filter(({ before }) => before && before.reportId !== report.id);
  const ids = moved.filter(({ after }) => after.reportId === report.id).map(({ after }) => after.id);
  if (ids.length === 0) return;
  await moveAlerts(tx, ids, report.id);
  await moveHidden(tx, ids, report.id);
}

/** Decides anew on the reports that observations of this one were in, or stay in: they are taken as well. */
async function settleOthers(
  tx: Queryable,
  { id, country }: ReportId,
  known: readonly ObservationRow[],
  at: At,
): Promise<OutgoingEvent[]> {
  const events: OutgoingEvent[] = [];
  for (const other of new Set(known.map(({ reportId }) => reportId))) {
    const report = other === id ? undefined : await findReport(tx, { id: other, country });
    const observations = await listObservations(tx, report ? [other] : []);
    if (report) events.push(...(await settleRelease(tx, { report, observations }, at)).events);
  }
  return events;
}

function formerOf({ observations }: Merged): ObservationRow[] {
  return observations.flatMap((one) => one.before ?? []);
}

type Seen = {
  readonly before: ReportRow | undefined;
  /** What the patient has read and did not see any more. */
  readonly hidden: ReadonlySet<string>;
};

/** What its patient is told of a report: of what they have read, however it is shown by now. */
async function tellPatient(
  tx: Queryable,
  merged: Merged,
  { before, hidden }: Seen,
  settled: Settled,
  at: At,
): Promise<readonly OutgoingEvent[]> {
  const takenBack = takenBackOf(merged, { before, hidden });
  if (takenBack.length > 0) {
    await forgetHidden(tx, takenBack);
    return [resultRetracted(settled.report, at)];
  }
  const wasSeen = (before?.releasedAt ?? null) !== null || formerOf(merged).some(isForPatient);
  return wasSeen ? toldPatient(merged, before, settled, at) : settled.events;
}

/** What its laboratory stands by no longer, of what the patient has read. */
function takenBackOf({ report, reportChange, observations }: Merged, { before, hidden }: Seen): string[] {
  const seen = observations.filter(({ before: was }) => was && (isForPatient(was) || hidden.has(was.id)));
  const idsOf = (some: readonly MergedObservation[]) => some.map(({ after }) => after.id);
  const isAll = reportChange === 'retracted' && (hidden.size > 0 || (before && isForPatient(before)));
  return isAll ? [report.id, ...hidden] : idsOf(seen.filter(({ change }) => change === 'retracted'));
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

/** What a patient who could see something of the report is told of what stands: that it is corrected, or that there is more. */
function toldPatient(merged: Merged, before: ReportRow | undefined, settled: Settled, at: At): OutgoingEvent[] {
  const { report } = settled;
  const seen = merged.observations.filter((one) => one.before && isForPatient(one.before));
  const ofReport = before?.ownReleasedAt ? [merged.reportChange] : [];
  const isCorrected = [...ofReport, ...seen.map(({ change }) => change)].includes('corrected');
  if (isCorrected && isCorrectionSeen(merged, before, settled)) return [resultCorrected(report, at)];
  return settled.events.length > 0 || isReadAgain(merged, before, settled) ? [resultReleased(report, at)] : [];
}

/** What is corrected to something critical is told of when it is shown. */
function isCorrectionSeen(
  { observations, reportChange }: Merged,
  before: ReportRow | undefined,
  settled: Settled,
): boolean {
  const shown = new Set(settled.observations.filter(isForPatient).map(({ id }) => id));
  const seen = observations.filter((one) => one.before && isForPatient(one.before) && shown.has(one.after.id));
  const isOwn = reportChange === 'corrected' && before?.ownReleasedAt && settled.report.ownReleasedAt;
  return Boolean(isOwn) || seen.some(({ change }) => change === 'corrected');
}

/** Whether the laboratory stands again by something that its patient was shown without what it says. */
function isReadAgain({ observations }: Merged, before: ReportRow | undefined, settled: Settled): boolean {
  const read = new Set(settled.observations.filter(isReadByPatient).map(({ id }) => id));
  const isOwn = isOwnWordRead(settled.report) && !(before && isOwnWordRead(before));
  return isOwn || observations.some((one) => one.before && read.has(one.after.id) && !isReadByPatient(one.before));
}
