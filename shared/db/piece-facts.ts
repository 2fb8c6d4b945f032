import { categoryOfSection, type CriticalValue, strictestOf, type TestCategory } from '../domain/lab-release.ts';
import { hasDocument } from '../domain/lab-report.ts';
import { firstSaidAt, mayTellOf } from '../domain/lab-time.ts';
import type { Queryable } from './client.ts';
import { listAlerts } from './critical-alerts.ts';
import {
  listObservationVersions,
  listReportVersions,
  listVersionsBeside,
  type ReportVersionRow,
} from './lab-reports.ts';
import type { AlertRow, ObservationRow, ObservationVersionRow, ReportContent, ReportRow } from './schema/laboratory.ts';

/** What holds one piece of a report, and not the others. */
export type PieceFacts = { readonly category: TestCategory; readonly critical: readonly CriticalValue[] };

export type FactsOfPieces = {
  readonly ofReport: PieceFacts;
  readonly of: (observation: ObservationRow) => PieceFacts;
};

/**
 * An observation is of the strictest kind that its report was said to be of with it or before it, or another report of the order
 * at a time when it may have been said under that one. A document and the conclusion may tell of anything critical that they do
 * not come before. What comes before what is told by the laboratory's times.
 */
export async function readPieceFacts(
  db: Queryable,
  report: ReportRow,
  observations: readonly ObservationRow[],
): Promise<FactsOfPieces> {
  const critical = observations.filter(({ isCritical }) => isCritical);
  const plain = { category: report.category, critical: [] };
  const beside = await listVersionsBeside(db, report);
  const isPlain = critical.length === 0 && report.category === 'routine' && beside.length === 0;
  if (isPlain) return { ofReport: plain, of: () => plain };
  const said = { ...(await readSaid(db, report, observations)), beside };
  const alerts = critical.length > 0 ? await listAlerts(db, report.id) : [];
  const toldBy = (versions: readonly Said[]) =>
    critical
      .filter((row) => mayTellOf(firstSaidAt(timesOf(versions)), firstSaidAt(timesOf(said.of(row)))))
      .flatMap((row) => criticalValuesOf(row, alerts));
  const criticalOf = (row: ObservationRow) => {
    if (hasDocument(row.content)) return toldBy(said.of(row).filter((version) => valuesOf(version) === valuesOf(row)));
    return row.isCritical ? criticalValuesOf(row, alerts) : [];
  };
  const own = said.ofReport.filter((version) => ownWordOf(version) === ownWordOf(report));
  return {
    ofReport: { category: report.category, critical: toldBy(own) },
    of: (row) => ({ category: categoryOf(said.of(row), said), critical: criticalOf(row) }),
  };
}

async function readSaid(db: Queryable, report: ReportRow, observations: readonly ObservationRow[]) {
  const ids = observations.map(({ id }) => id);
  const versions = Map.groupBy(await listObservationVersions(db, ids), ({ observationId }) => observationId);
  return {
    ofReport: await listReportVersions(db, report.id),
    of: ({ id }: ObservationRow): readonly ObservationVersionRow[] => versions.get(id) ?? [],
  };
}

type Said = Pick<ReportVersionRow, 'changedAt'>;

function timesOf(versions: readonly Said[]) {
  return versions.map(({ changedAt }) => changedAt);
}

type SaidOfReports = { readonly ofReport: readonly ReportVersionRow[]; readonly beside: readonly ReportVersionRow[] };

function categoryOf(versions: readonly Said[], { ofReport, beside }: SaidOfReports): TestCategory {
  const times = timesOf(versions);
  const first = firstSaidAt(times);
  const isWith = ({ changedAt }: Said) => times.includes(changedAt);
  const own = ofReport.filter((one) => isWith(one) || mayTellOf(first, one.changedAt ?? undefined));
  return [...own, ...beside.filter(isWith)]
    .map(({ content }) => categoryOfSection(content.section))
    .reduce(strictestOf, 'routine');
}

function criticalValuesOf({ id }: ObservationRow, alerts: readonly AlertRow[]): CriticalValue[] {
  const raised = alerts.filter(({ observationId, closedAt }) => observationId === id && closedAt === null);
  if (raised.length === 0) return [{ alertedAt: undefined, acknowledgedAt: undefined }];
  return raised.map(({ raisedAt, acknowledgedAt }) => ({
    alertedAt: raisedAt,
    acknowledgedAt: acknowledgedAt ?? undefined,
  }));
}

function valuesOf({ content }: Pick<ObservationRow, 'content'>): string {
  return JSON.stringify(content.values);
}

function ownWordOf({ content: { documents, notes } }: { readonly content: ReportContent }): string {
  return JSON.stringify([documents, notes]);
}
