import { and, asc, desc, eq, getTableColumns, inArray, isNotNull, lte, ne, or, type SQL, sql } from 'drizzle-orm';

import type { PgTable } from 'drizzle-orm/pg-core';

import { AppError } from '../errors.ts';
import type { Queryable } from './client.ts';
import {
  labDocuments,
  labObservations,
  labObservationVersions,
  labReports,
  labReportVersions,
  type ObservationRow,
  type ObservationVersionRow,
  releaseDecisions,
  type ReportRow,
} from './schema/laboratory.ts';

export type ReportVersionRow = typeof labReportVersions.$inferSelect;
export type DocumentRow = typeof labDocuments.$inferSelect;

/** Keeps a report, there or not yet, from other transactions until this one ends. */
export async function takeReport(tx: Queryable, id: string): Promise<void> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${id}, 3))`);
}

/** A report is found in its own country only. */
export type ReportId = { readonly country: string; readonly id: string };

export async function findReport(db: Queryable, { country, id }: ReportId): Promise<ReportRow | undefined> {
  const [report] = await db
    .select()
    .from(labReports)
    .where(and(eq(labReports.id, id), eq(labReports.country, country)));
  return report;
}

/** Takes a report and reads it. Throws `not-found`. */
export async function lockReport(tx: Queryable, id: ReportId): Promise<ReportRow> {
  await takeReport(tx, id.id);
  const report = await findReport(tx, id);
  if (report === undefined) throw noSuchReport();
  return report;
}

export function noSuchReport(): AppError {
  return new AppError('not-found', 'There is no such result.');
}

/** Who the reports of a laboratory's order are about. */
export async function listPatientsOfOrder(db: Queryable, sender: string, fillerOrder: string): Promise<string[]> {
  const found = await db
    .selectDistinct({ patientId: labReports.patientId })
    .from(labReports)
    .where(and(eq(labReports.sender, sender), eq(labReports.fillerOrder, fillerOrder)));
  return found.map(({ patientId }) => patientId);
}

export async function listObservations(db: Queryable, reportIds: readonly string[]): Promise<ObservationRow[]> {
  if (reportIds.length === 0) return [];
  return db
    .select()
    .from(labObservations)
    .where(inArray(labObservations.reportId, [...reportIds]))
    .orderBy(asc(labObservations.reportId), asc(labObservations.identity));
}

export async function listObservationsById(db: Queryable, ids: readonly string[]): Promise<ObservationRow[]> {
  if (ids.length === 0) return [];
  return db
    .select()
    .from(labObservations)
    .where(inArray(labObservations.id, [...ids]));
}

/** The reports that some observations are in. */
export async function listReportsWith(db: Queryable, observationIds: readonly string[]): Promise<string[]> {
  const found = await db
    .selectDistinct({ reportId: labObservations.reportId })
    .from(labObservations)
    .where(inArray(labObservations.id, [...observationIds]));
  return found.map(({ reportId }) => reportId);
}

export async function listObservationVersions(
  db: Queryable,
  observationIds: readonly string[],
): Promise<ObservationVersionRow[]> {
  if (observationIds.length === 0) return [];
  return db
    .select()
    .from(labObservationVersions)
    .where(inArray(labObservationVersions.observationId, [...observationIds]));
}

export async function saveReport(tx: Queryable, report: ReportRow): Promise<void> {
  const { id: _, ...set } = report;
  await tx.insert(labReports).values(report).onConflictDoUpdate({ target: labReports.id, set });
}

export async function listReportVersions(db: Queryable, reportId: string): Promise<ReportVersionRow[]> {
  return db.select().from(labReportVersions).where(eq(labReportVersions.reportId, reportId));
}

/** What was said of the other reports of the same order, where they are of a kind that is held. */
export async function listVersionsBeside(
  db: Queryable,
  { id, sender, fillerOrder }: Pick<ReportRow, 'id' | 'sender' | 'fillerOrder'>,
): Promise<ReportVersionRow[]> {
  const ofOrder = and(eq(labReports.sender, sender), eq(labReports.fillerOrder, fillerOrder));
  return db
    .select(getTableColumns(labReportVersions))
    .from(labReports)
    .innerJoin(labReportVersions, eq(labReportVersions.reportId, labReports.id))
    .where(and(ofOrder, ne(labReports.id, id), ne(labReports.category, 'routine')));
}

/** @returns how many of the versions were not known. */
export async function addReportVersions(tx: Queryable, versions: readonly ReportVersionRow[]): Promise<number> {
  if (versions.length === 0) return 0;
  const added = await tx
    .insert(labReportVersions)
    .values([...versions])
    .onConflictDoNothing();
  return added.rowCount ?? 0;
}

const NEW_OBSERVATION = sql.join(
  Object.values(getTableColumns(labObservations)).map(
    ({ name }) => sql`${sql.identifier(name)} = excluded.${sql.identifier(name)}`,
  ),
  sql`, `,
);

export async function saveObservations(tx: Queryable, observations: readonly ObservationRow[]): Promise<void> {
  if (observations.length === 0) return;
  await tx.execute(
    sql`INSERT INTO ${labObservations} ${rowsOf(labObservations, observations)}
      ON CONFLICT (id) DO UPDATE SET ${NEW_OBSERVATION}`,
  );
}

const DECISION = sql.join(
  [
    labObservations.conclusiveAt,
    labObservations.reviewedAt,
    labObservations.reviewedBy,
    labObservations.forcedAt,
    labObservations.forcedBy,
    labObservations.preference,
    labObservations.releaseAt,
    labObservations.heldBecause,
    labObservations.releasedAt,
  ].map(({ name }) => sql`${sql.identifier(name)} = decided.${sql.identifier(name)}`),
  sql`, `,
);

/** Saves what was decided on observations that are kept as they are. */
export async function saveDecisions(tx: Queryable, observations: readonly ObservationRow[]): Promise<void> {
  if (observations.length === 0) return;
  const rows = observations.map((row) => ({ ...row, content: undefined }));
  await tx.execute(
    sql`UPDATE ${labObservations} SET ${DECISION} FROM (${recordsOf(labObservations, rows)}) AS decided
      WHERE ${labObservations.id} = decided.id`,
  );
}

/** @returns how many of the versions were not known. */
export async function addObservationVersions(
  tx: Queryable,
  versions: readonly ObservationVersionRow[],
): Promise<number> {
  if (versions.length === 0) return 0;
  const added = await tx.execute(
    sql`INSERT INTO ${labObservationVersions} ${rowsOf(labObservationVersions, versions)} ON CONFLICT DO NOTHING`,
  );
  return added.rowCount ?? 0;
}

function rowsOf<Table extends PgTable>(table: Table, rows: readonly Table['$inferSelect'][]): SQL {
  return sql`(${namesOf(table)}) ${recordsOf(table, rows)}`;
}

/** Rows as one parameter: a panel has dozens, and each placeholder costs. */
function recordsOf(table: PgTable, rows: readonly Record<string, unknown>[]): SQL {
  const columns = Object.entries(getTableColumns(table));
  const records = rows.map((row) => Object.fromEntries(columns.map(([member, { name }]) => [name, row[member]])));
  const all = JSON.stringify(records);
  return sql`SELECT ${namesOf(table)} FROM json_populate_recordset(NULL::${table}, ${all}::json)`;
}

function namesOf(table: PgTable): SQL {
  return sql.join(
    Object.values(getTableColumns(table)).map(({ name }) => sql.identifier(name)),
    sql`, `,
  );
}

export async function addDocuments(tx: Queryable, documents: readonly DocumentRow[]): Promise<void> {
  if (documents.length > 0)
    await tx
      .insert(labDocuments)
      .values([...documents])
      .onConflictDoNothing();
}

export async function findDocument(db: Queryable, reportId: string, id: string): Promise<DocumentRow | undefined> {
  const [document] = await db
    .select()
    .from(labDocuments)
    .where(and(eq(labDocuments.id, id), eq(labDocuments.reportId, reportId)));
  return document;
}

type ReleaseDecisionRow = Omit<typeof releaseDecisions.$inferSelect, 'seq'>;

export async function addReleaseDecisions(tx: Queryable, decisions: readonly ReleaseDecisionRow[]): Promise<void> {
  if (decisions.length > 0) await tx.insert(releaseDecisions).values([...decisions]);
}

/** Reports of which more is due to be seen, the longest due first. */
export async function listDueReports(db: Queryable, now: Temporal.Instant, limit: number): Promise<ReportId[]> {
  return db
    .select({ id: labReports.id, country: labReports.country })
    .from(labReports)
    .where(lte(labReports.releaseAt, now))
    .orderBy(asc(labReports.releaseAt), asc(labReports.id))
    .limit(limit);
}

export type ReportFilter = {
  readonly country: string;
  readonly patientId: string;
  /** LOINC code of an analyte that the report has. */
  readonly analyte?: string | undefined;
  /** Only what its patient may see. */
  readonly released: boolean;
  /** Only what a practitioner has to do with. */
  readonly practitioner?: PractitionerFilter | undefined;
};

/** A practitioner, with all whose alerts they answer: themselves, and whom they stand in for. */
export type PractitionerFilter = { readonly id: string; readonly actsAs: readonly string[] };

/** A place in the order of `effectiveAt`, newest first, then `id`. */
export type ReportKey = { readonly effectiveAt: Temporal.Instant; readonly id: string };

/** Up to `limit` reports of a patient after `after`, newest first. */
export async function listReports(
  db: Queryable,
  filter: ReportFilter,
  { after, limit }: { after: ReportKey | undefined; limit: number },
): Promise<ReportRow[]> {
  return db
    .select()
    .from(labReports)
    .where(
      and(
        eq(labReports.country, filter.country),
        eq(labReports.patientId, filter.patientId),
        filter.released ? isNotNull(labReports.releasedAt) : undefined,
        filter.practitioner && concerns(filter.practitioner),
        filter.analyte === undefined ? undefined : hasAnalyte(filter.analyte, filter.released),
        after &&
          sql`(${labReports.effectiveAt} < ${after.effectiveAt.toString()}
            OR ${labReports.effectiveAt} = ${after.effectiveAt.toString()} AND ${labReports.id} > ${after.id})`,
      ),
    )
    .orderBy(desc(labReports.effectiveAt), asc(labReports.id))
    .limit(limit);
}

/** They ordered it, or they or whom they stand in for were alerted to something in it. */
function concerns({ id, actsAs }: PractitionerFilter): SQL | undefined {
  return or(
    eq(labReports.practitionerId, id),
    sql`EXISTS (SELECT FROM laboratory.critical_alerts a
      WHERE a.report_id = ${labReports.id} AND a.told_ids && ${sql.param([...actsAs])}::uuid[])`,
  );
}

/** A patient finds nothing by what they cannot see. */
function hasAnalyte(loinc: string, isForPatient: boolean): SQL {
  const isVisible = isForPatient ? sql`AND o.released_at IS NOT NULL` : sql``;
  return sql`EXISTS (SELECT FROM laboratory.observations o
    WHERE o.report_id = ${labReports.id} AND o.loinc = ${loinc} ${isVisible})`;
}

/** Up to `limit` of the reports that hold parked observations under a laboratory's own code. */
export async function listReportsParked(
  db: Queryable,
  { sender, system, code }: { sender: string; system: string; code: string },
  limit: number,
): Promise<ReportId[]> {
  return db
    .selectDistinct({ id: labReports.id, country: labReports.country })
    .from(labObservations)
    .innerJoin(labReports, eq(labReports.id, labObservations.reportId))
    .where(
      and(
        eq(labObservations.isParked, true),
        eq(labObservations.localSystem, system),
        eq(labObservations.localCode, code),
        eq(labReports.sender, sender),
      ),
    )
    .orderBy(asc(labReports.id))
    .limit(limit);
}
