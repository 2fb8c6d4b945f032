import { and, eq, getTableColumns, isNotNull } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';

import { documentIdOf } from '../../domain/lab-report.ts';
import type { Queryable } from '../client.ts';
import { findDocument } from '../lab-reports.ts';
import { labDocuments, labObservations, labObservationVersions, labReports } from '../schema/laboratory.ts';
import { documentsShown, type ShownObservation, type ShownReport, showReports } from '../shown-reports.ts';
import type { ShownTables, SubjectRow } from './subject-table.ts';

/**
 * What the reading routes show a patient of their results, and nothing of why more is held. What is held, or withdrawn, or was
 * never meant for them, is not in it.
 */
export async function showLaboratory(tx: Queryable, patientId: string): Promise<ShownTables> {
  const isTheirs = and(eq(labReports.patientId, patientId), isNotNull(labReports.releasedAt));
  const shown = await showReports(tx, await tx.select().from(labReports).where(isTheirs), { viewer: 'patient' });
  const observations = shown.flatMap((report) => report.observations);
  const former = observations.flatMap((observation) => observation.former);
  const documents: SubjectRow[] = [];
  for (const report of shown) documents.push(...(await documentRows(tx, report)));
  return {
    reports: shown.map(reportRow),
    report_versions: [],
    observations: observations.map(observationRow),
    observation_versions: former.map((version) => without(rowOf(labObservationVersions, version), DIGESTS)),
    documents,
    release_decisions: [],
    critical_alerts: [],
  };
}

/** From the digest of a number that is withheld the number could be found. */
const DIGESTS = ['digest', 'telling'];

/** What a report says of its own may be held while it is shown. */
const OWN_PIECE = ['conclusive_at', 'reviewed_at', 'reviewed_by', 'forced_at', 'forced_by', 'preference'];
const HOLDS = ['own_release_at', 'own_held_because', 'own_released_at', 'release_at', 'held_because'];

function reportRow({ row, content }: ShownReport): SubjectRow {
  return without(rowOf(labReports, { ...row, content }), [...DIGESTS, ...OWN_PIECE, ...HOLDS]);
}

function observationRow({ row, content, isWithdrawn }: ShownObservation): SubjectRow {
  const isCritical = row.isCritical && !isWithdrawn;
  return without(rowOf(labObservations, { ...row, content, isCritical }), DIGESTS);
}

async function documentRows(tx: Queryable, shown: ShownReport): Promise<SubjectRow[]> {
  const rows: SubjectRow[] = [];
  for (const id of documentsShown(shown).flatMap((document) => documentIdOf(document) ?? [])) {
    const document = await findDocument(tx, shown.row.id, id);
    if (document) rows.push(rowOf(labDocuments, document));
  }
  return rows;
}

function rowOf(table: PgTable, row: Readonly<Record<string, unknown>>): SubjectRow {
  const columns = Object.entries(getTableColumns(table));
  return Object.fromEntries(columns.map(([member, { name }]) => [name, asJson(row[member])]));
}

/** As PostgreSQL writes it. */
function asJson(value: unknown): unknown {
  if (value instanceof Temporal.Instant) return value.toString();
  return Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : value;
}

function without(row: SubjectRow, names: readonly string[]): SubjectRow {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)));
}
