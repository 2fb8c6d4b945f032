import type * as z from 'zod';

import type { Result } from '../../schemas/api/lab-results.ts';
import { documentsShown, type ShownObservation, type ShownReport } from '../../shared/db/shown-reports.ts';
import { documentIdOf, type LabObservation, type LabReport } from '../../shared/domain/lab-report.ts';
import type { PlacedReport } from '../../shared/fhir/diagnostic-report.ts';

type ResultBody = z.infer<typeof Result>;
type Said = ResultBody['observations'][number]['former'][number];

/** A report as the API shows it. */
export function representResult(shown: ShownReport): ResultBody {
  const { row, content } = shown;
  const { id, version, patientId, practitionerId, status, category, fillerOrder, heldBecause } = row;
  return {
    id,
    version,
    patientId,
    practitionerId,
    status,
    category,
    service: { ...content.service, codings: [...content.service.codings] },
    fillerOrder,
    effectiveAt: row.effectiveAt.toString(),
    releaseAt: row.releaseAt?.toString() ?? null,
    releasedAt: row.releasedAt?.toString() ?? null,
    heldBecause,
    observations: shown.observations.map(representObservation),
    documents: documentsShown(shown).map((document) => {
      const { contentType, title, url } = document;
      const documentId = documentIdOf(document);
      const where = documentId === undefined ? { id: null, ...(url !== undefined && { url }) } : { id: documentId };
      return { ...where, contentType, ...(title !== undefined && { title }) };
    }),
    notes: [...content.notes],
  };
}

function representObservation({ row, content, isWithdrawn, former }: ShownObservation) {
  return {
    id: row.id,
    loinc: row.loinc,
    code: { ...content.code, codings: [...content.code.codings] },
    isCritical: row.isCritical && !isWithdrawn,
    isWithdrawn,
    effectiveAt: row.effectiveAt.toString(),
    releaseAt: row.releaseAt?.toString() ?? null,
    releasedAt: row.releasedAt?.toString() ?? null,
    heldBecause: row.heldBecause,
    ...representSaid(content, row.changedAt),
    former: former.map((version) => representSaid(version.content, version.changedAt)),
  };
}

function representSaid(content: LabObservation, changedAt: string | null): Said {
  const { status, values, unit, ranges, interpretation, notes } = content;
  return {
    status,
    values: [...values],
    ...(unit && { unit }),
    referenceRanges: [...ranges],
    interpretation: [...interpretation],
    notes: [...notes],
    changedAt,
  };
}

/** A report as the words of the domain have it, for FHIR. Documents lie where the API has them. */
export function placeResult(shown: ShownReport): PlacedReport {
  const { row, content, observations } = shown;
  const place = <Document extends LabReport['documents'][number]>(document: Document): Document => {
    const id = documentIdOf(document);
    return id === undefined ? document : { ...document, url: `/${row.country}/results/${row.id}/documents/${id}` };
  };
  const report: LabReport = {
    ...content,
    status: row.status,
    patient: { identifiers: [], sex: 'unknown' },
    documents: content.documents.map(place),
    observations: observations.map((observation) => ({
      ...observation.content,
      values: observation.content.values.map((value) =>
        value.type === 'document' ? { ...value, document: place(value.document) } : value,
      ),
    })),
  };
  return {
    report,
    id: row.id,
    patientId: row.patientId,
    observationIds: observations.map((observation) => observation.row.id),
    version: row.version,
    ...(row.releasedAt && { issuedAt: row.releasedAt.toString() }),
  };
}
