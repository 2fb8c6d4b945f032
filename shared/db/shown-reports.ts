import { LOINC, type LabDocument, type LabObservation, loincIn } from '../domain/lab-report.ts';
import { isConclusive, isRetraction } from '../domain/lab-status.ts';
import { compareTexts, compareVersions, versionOf } from '../domain/lab-version.ts';
import type { Queryable } from './client.ts';
import { listObservations, listObservationVersions } from './lab-reports.ts';
import { isForPatient, isOwnWordRead } from './result-release.ts';
import type { ObservationRow, ObservationVersionRow, ReportContent, ReportRow } from './schema/laboratory.ts';

/** Who looks: a patient, or somebody for them, sees what is released; whoever treats them sees all. */
export type Viewer = 'patient' | 'clinician';

/** A report as somebody sees it. */
export type ShownReport = {
  readonly row: ReportRow;
  readonly content: ReportContent;
  readonly observations: readonly ShownObservation[];
};

export type ShownObservation = {
  readonly row: ObservationRow;
  readonly content: LabObservation;
  /** Its patient is not shown what was said in error, nor what its laboratory does not stand by yet or any more. */
  readonly isWithdrawn: boolean;
  /** What was said before, the oldest first, without what only repeated. */
  readonly former: readonly ObservationVersionRow[];
};

/** Shows reports as the viewer may see them; of one analyte where it is named. */
export async function showReports(
  db: Queryable,
  rows: readonly ReportRow[],
  { viewer, analyte }: { readonly viewer: Viewer; readonly analyte?: string | undefined },
): Promise<ShownReport[]> {
  const observations = await listObservations(
    db,
    rows.map(({ id }) => id),
  );
  const wanted = observations.filter((row) => analyte === undefined || row.loinc === analyte);
  const visible = viewer === 'patient' ? wanted.filter(isForPatient) : wanted;
  const versions = await listObservationVersions(
    db,
    visible.map(({ id }) => id),
  );
  const byObservation = Map.groupBy(versions, ({ observationId }) => observationId);
  return rows.map((row) => {
    const own = visible.filter(({ reportId }) => reportId === row.id);
    const observationsOf = (show: Show) => own.map((each) => show(each, byObservation.get(each.id) ?? []));
    if (viewer === 'clinician') return { row, content: row.content, observations: observationsOf(showAll) };
    const content = isOwnWordRead(row) ? row.content : withheldReport(row.content);
    const show = isRetraction(row.status) ? showWithdrawn : showConclusive;
    return { row: withoutHeld(row), content, observations: observationsOf(show) };
  });
}

type Show = (row: ObservationRow, versions: readonly ObservationVersionRow[]) => ShownObservation;

function showAll(row: ObservationRow, versions: readonly ObservationVersionRow[]): ShownObservation {
  return { row, isWithdrawn: isRetraction(row.status), content: mapped(row), former: formerOf(row, versions) };
}

/** What its laboratory stands by; what became of it where it does so no more. */
function showConclusive(row: ObservationRow, versions: readonly ObservationVersionRow[]): ShownObservation {
  if (isRetraction(row.status)) return showWithdrawn(row);
  const content = mapped(row);
  if (!isConclusive(row.status)) return { row, isWithdrawn: true, content: withheld(content), former: [] };
  const said = versions.filter(({ status }) => isConclusive(status));
  return { row, isWithdrawn: false, content, former: formerOf(row, said) };
}

function showWithdrawn(row: ObservationRow): ShownObservation {
  const content = { ...withheld(mapped(row)), status: 'entered-in-error' } as const;
  return { row, isWithdrawn: true, content, former: [] };
}

function formerOf(row: ObservationRow, versions: readonly ObservationVersionRow[]): ObservationVersionRow[] {
  const inOrder = versions.toSorted(
    (one, other) => compareVersions(versionOf(one), versionOf(other)) || compareTexts(one.telling, other.telling),
  );
  const changes = inOrder.filter(({ digest }, index) => digest !== inOrder[index + 1]?.digest);
  return changes.at(-1)?.digest === row.digest ? changes.slice(0, -1) : changes;
}

/** With the LOINC code that somebody has said its own code means. */
function mapped({ content, loinc }: ObservationRow): LabObservation {
  if (loinc === null || loincIn(content) !== undefined) return content;
  const { code } = content;
  return { ...content, code: { ...code, codings: [...code.codings, { system: LOINC, code: loinc }] } };
}

function withheld(content: LabObservation): LabObservation {
  return { ...content, values: [], interpretation: [], notes: [] };
}

/** A patient is not told that more is held, nor why. */
function withoutHeld(row: ReportRow): ReportRow {
  return { ...row, releaseAt: null, heldBecause: [] };
}

function withheldReport(content: ReportContent): ReportContent {
  return { ...content, documents: [], notes: [] };
}

/** Everything that came as a document and is shown. */
export function documentsShown({ content, observations }: ShownReport): LabDocument[] {
  const values = observations.flatMap((observation) => observation.content.values);
  return [...content.documents, ...values.flatMap((value) => (value.type === 'document' ? [value.document] : []))];
}
