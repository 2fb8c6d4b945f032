import type { Queryable } from '../../shared/db/client.ts';
import { listObservations, listObservationVersions } from '../../shared/db/lab-reports.ts';
import { isForPatient } from '../../shared/db/result-release.ts';
import type {
  ObservationRow,
  ObservationVersionRow,
  ReportContent,
  ReportRow,
} from '../../shared/db/schema/laboratory.ts';
import { LOINC, type LabDocument, type LabObservation } from '../../shared/domain/lab-report.ts';
import { isConclusive, isRetraction } from '../../shared/domain/lab-status.ts';
import { compareVersions } from '../../shared/domain/lab-version.ts';
import type { Viewer } from './access.ts';
import { loincIn, versionOf } from './merge-report.ts';

/** A report as somebody sees it. */
export type ShownReport = {
  readonly row: ReportRow;
  readonly content: ReportContent;
  readonly observations: readonly ShownObservation[];
};

export type ShownObservation = {
  readonly row: ObservationRow;
  readonly content: LabObservation;
  /** Its patient is not shown what was said in error. */
  readonly isWithdrawn: boolean;
  /** What was said before, the oldest first, without what only repeated. */
  readonly former: readonly Pick<ObservationVersionRow, 'content' | 'status' | 'changedAt'>[];
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
    const isWithdrawn = viewer === 'patient' && isRetraction(row.status);
    const own = visible.filter(({ reportId }) => reportId === row.id);
    const show = (each: ObservationRow) => showObservation(each, byObservation.get(each.id) ?? [], viewer, isWithdrawn);
    return { row, content: isWithdrawn ? withdrawnReport(row.content) : row.content, observations: own.map(show) };
  });
}

function showObservation(
  row: ObservationRow,
  versions: readonly ObservationVersionRow[],
  viewer: Viewer,
  isReportWithdrawn: boolean,
): ShownObservation {
  const isWithdrawn = isReportWithdrawn || isRetraction(row.status);
  const content = mapped(row);
  if (viewer === 'patient' && isWithdrawn) return { row, isWithdrawn, content: withdrawn(content), former: [] };
  const said = viewer === 'patient' ? versions.filter(({ status }) => isConclusive(status)) : versions;
  return { row, isWithdrawn, content, former: formerOf(row, said) };
}

function formerOf(row: ObservationRow, versions: readonly ObservationVersionRow[]): ObservationVersionRow[] {
  const inOrder = versions.toSorted((one, other) => compareVersions(versionOf(one), versionOf(other)));
  const changes = inOrder.filter(({ digest }, index) => digest !== inOrder[index + 1]?.digest);
  return changes.at(-1)?.digest === row.digest ? changes.slice(0, -1) : changes;
}

/** With the LOINC code that somebody has said its own code means. */
function mapped({ content, loinc }: ObservationRow): LabObservation {
  if (loinc === null || loincIn(content) !== undefined) return content;
  const { code } = content;
  return { ...content, code: { ...code, codings: [...code.codings, { system: LOINC, code: loinc }] } };
}

function withdrawn(content: LabObservation): LabObservation {
  return { ...content, status: 'entered-in-error', values: [], interpretation: [], notes: [] };
}

function withdrawnReport(content: ReportContent): ReportContent {
  return { ...content, documents: [], notes: [] };
}

/** Everything that came as a document and is shown. */
export function documentsShown({ content, observations }: ShownReport): LabDocument[] {
  const values = observations.flatMap((observation) => observation.content.values);
  return [...content.documents, ...values.flatMap((value) => (value.type === 'document' ? [value.document] : []))];
}
