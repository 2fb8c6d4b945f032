import type { Bundle, DiagnosticReport, Observation, Resource } from '@medplum/fhirtypes';

import { documentsOf, type LabReport } from '../domain/lab-report.ts';
import { REPORT_STATUS, SECTION } from './code-systems.ts';
import { toAttachment, toCodeableConcept, toIdentifier } from './data-types.ts';
import { type Placed, toObservation } from './observation.ts';

/** A report under the UUIDs that it and its observations, in their order, are known by here. */
export type PlacedReport = Placed & {
  readonly report: LabReport;
  readonly observationIds: readonly string[];
  /** RFC 3339; when this version was made available. */
  readonly issuedAt?: string;
  /** Raised by every change. */
  readonly version?: number;
};

/** FHIR R4 DiagnosticReport with the Observations it refers to. */
function toResources(placed: PlacedReport): [DiagnosticReport, ...Observation[]] {
  const { report, observationIds, patientId } = placed;
  const observations = report.observations.map((observation, index) =>
    toObservation(observation, { id: idAt(observationIds, index), patientId }),
  );
  return [toDiagnosticReport(placed), ...observations];
}

/** Everything of some reports: `collection` for one that was asked for, `searchset` for those that were found. */
export function toBundle(type: 'collection' | 'searchset', reports: readonly PlacedReport[]): Bundle {
  const resources: Resource[] = reports.flatMap(toResources);
  return {
    resourceType: 'Bundle',
    type,
    ...(type === 'searchset' && { total: reports.length }),
    entry: resources.map((resource) => ({
      fullUrl: `urn:uuid:${resource.id}`,
      resource,
      ...(type === 'searchset' && {
        search: { mode: resource.resourceType === 'DiagnosticReport' ? 'match' : 'include' },
      }),
    })),
  };
}

function toDiagnosticReport({
  report,
  id,
  patientId,
  observationIds,
  issuedAt,
  version,
}: PlacedReport): DiagnosticReport {
  const { fillerOrder, placerOrder, service, status, statusCode, statusChangedAt, observedAt, section } = report;
  const documents = documentsOf(report).map(toAttachment);
  const issued = issuedAt ?? statusChangedAt;
  const specimen = report.specimens.flatMap(({ identifiers }) =>
    identifiers.slice(0, 1).map((identifier) => ({ identifier: toIdentifier(identifier) })),
  );
  const conclusion = report.notes.join('\n');
  return {
    resourceType: 'DiagnosticReport',
    id,
    ...metaOf(statusCode, version),
    identifier: [...(placerOrder ? [toIdentifier(placerOrder, 'PLAC')] : []), toIdentifier(fillerOrder, 'FILL')],
    status,
    ...(section !== undefined && { category: [{ coding: [{ system: SECTION, code: section }] }] }),
    code: toCodeableConcept(service),
    subject: { reference: `Patient/${patientId}` },
    ...(observedAt !== undefined && { effectiveDateTime: observedAt }),
    ...(issued !== undefined && issued.length > 10 && { issued }),
    ...(specimen.length > 0 && { specimen }),
    ...(observationIds.length > 0 && {
      result: observationIds.map((observationId) => ({ reference: `urn:uuid:${observationId}` })),
    }),
    ...(conclusion !== '' && { conclusion }),
    ...(documents.length > 0 && { presentedForm: documents }),
  };
}

function metaOf(statusCode: string, version: number | undefined): Pick<DiagnosticReport, 'meta'> {
  const isCode = /^[A-Z]$/.test(statusCode);
  if (!isCode && version === undefined) return {};
  return {
    meta: {
      ...(version !== undefined && { versionId: String(version) }),
      ...(isCode && { tag: [{ system: REPORT_STATUS, code: statusCode }] }),
    },
  };
}

function idAt(ids: readonly string[], index: number): string {
  const id = ids[index];
  if (id === undefined) throw new RangeError('A report has more observations than ids');
  return id;
}
