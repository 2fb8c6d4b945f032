import { faultCodes, type LabFault } from '../domain/lab-fault.ts';
import type { LabIdentifier, LabMessage, LabPatient, LabReport, LabSpecimen } from '../domain/lab-report.ts';
import { type Found, type OpenBundle, openBundle } from './bundle-resources.ts';
import { SECTION } from './code-systems.ts';
import type { Read, ReferenceElement } from './contract.ts';
import { parseFhirJson } from './decimal.ts';
import { fromAttachment, fromConcept, fromIdentifier, fromIdentifiers, typeOf } from './read-elements.ts';
import { readObservations } from './read-observations.ts';

export type ReadBundle =
  | { readonly outcome: 'parsed'; readonly message: LabMessage }
  | { readonly outcome: 'refused'; readonly faults: readonly LabFault[] };

export type ReadBundleOptions = {
  /** Who sent it, where the bundle does not say. */
  readonly sender: string;
};

/** Reads a FHIR R4 bundle of DiagnosticReports and what they refer to. Never throws: refuses with the place of each fault. */
export function readBundle(text: string, { sender }: ReadBundleOptions): ReadBundle {
  const document = parseOrNothing(text);
  if (document === undefined) return refused([{ ...atBundle, code: faultCodes.dataType, text: 'This is no JSON' }]);
  const open = openBundle(document);
  if ('length' in open) return refused(open);
  const controlId = controlIdOf(open);
  const found = open.all('DiagnosticReport');
  const reports = found.flatMap((each) => readReport(each, open) ?? []);
  const isWithoutReport = found.length === 0 && open.faults.length === 0;
  const faults = [...open.faults, ...missing(controlId, isWithoutReport)];
  if (faults.some(({ severity }) => severity === 'error')) return refused(faults);
  const sentAt = open.bundle.timestamp;
  const message = { sender: senderOf(open) ?? sender, controlId, ...(sentAt !== undefined && { sentAt }) };
  return { outcome: 'parsed', message: { ...message, reports, warnings: faults } };
}

const atBundle = { severity: 'error', expression: 'Bundle' } as const;

function refused(faults: readonly LabFault[]): ReadBundle {
  return { outcome: 'refused', faults };
}

function parseOrNothing(text: string): unknown {
  try {
    return parseFhirJson(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}

function missing(controlId: string, isWithoutReport: boolean): LabFault[] {
  const faults: LabFault[] = [];
  const fault = { severity: 'error', code: faultCodes.requiredFieldMissing } as const;
  if (controlId === '')
    faults.push({ ...fault, expression: 'Bundle.identifier', text: 'The bundle has neither an identifier nor an id' });
  if (isWithoutReport)
    faults.push({ ...fault, expression: 'Bundle.entry', text: 'There is no DiagnosticReport in it' });
  return faults;
}

/** What the sender knows the bundle by. */
function controlIdOf({ bundle: { identifier, id } }: OpenBundle): string {
  return identifier?.value ?? id ?? '';
}

function senderOf(open: OpenBundle): string | undefined {
  const source = open.all('MessageHeader')[0]?.resource.source;
  return source?.endpoint ?? source?.name ?? open.bundle.identifier?.system;
}

function readReport({ resource, at }: Found<'DiagnosticReport'>, open: OpenBundle): LabReport | undefined {
  const order = open.follow('ServiceRequest', resource.basedOn?.[0])?.resource;
  const fillerOrder = numberOf('FILL', resource.identifier) ?? numberOf('FILL', order?.identifier);
  const placerOrder = placerOf(resource, order);
  const known = fillerOrder ?? fromIdentifiers(resource.identifier)[0] ?? placerOrder;
  if (!known) return refuseNumberless(at, open);
  const section = sectionOf(resource);
  const observedAt = resource.effectiveDateTime ?? resource.effectivePeriod?.start;
  return {
    fillerOrder: known,
    ...(placerOrder && { placerOrder }),
    service: fromConcept(resource.code),
    status: resource.status === 'appended' ? 'amended' : resource.status,
    statusCode: resource.status,
    ...(resource.issued !== undefined && { statusChangedAt: resource.issued }),
    ...(observedAt !== undefined && { observedAt }),
    ...(section !== undefined && { section }),
    orderedBy: order ? identifiersBehind(order.requester, open) : [],
    patient: readPatient(resource.subject, open),
    specimens: (resource.specimen ?? []).flatMap((reference) => readSpecimen(reference, open)),
    observations: readObservations(resource.result, at, open),
    documents: (resource.presentedForm ?? []).flatMap((form) => fromAttachment(form) ?? []),
    notes: resource.conclusion === undefined ? [] : [resource.conclusion],
  };
}

function refuseNumberless(at: string, { faults }: OpenBundle): undefined {
  const fault = { code: faultCodes.requiredFieldMissing, severity: 'error' } as const;
  faults.push({ ...fault, expression: `${at}.identifier`, text: 'The report has no number' });
}

type Identified = Read<'ServiceRequest'>['identifier'];

/** Of HL7 table 0203: `FILL` is the laboratory's number, `PLAC` that of whoever ordered. */
function numberOf(kind: 'FILL' | 'PLAC', identifiers: Identified): LabIdentifier | undefined {
  const found = identifiers?.find((identifier) => typeOf(identifier) === kind);
  const read = found && fromIdentifier(found);
  return read && withoutType(read);
}

function placerOf(report: Read<'DiagnosticReport'>, order: Read<'ServiceRequest'> | undefined) {
  const logical = report.basedOn?.find(({ identifier }) => identifier)?.identifier;
  const other = fromIdentifiers(order?.identifier)[0] ?? (logical && fromIdentifier(logical));
  return numberOf('PLAC', report.identifier) ?? numberOf('PLAC', order?.identifier) ?? (other && withoutType(other));
}

function withoutType({ value, system }: LabIdentifier): LabIdentifier {
  return { value, ...(system !== undefined && { system }) };
}

function sectionOf({ category = [] }: Read<'DiagnosticReport'>): string | undefined {
  return category.flatMap(({ coding = [] }) => coding).find(({ system }) => system === SECTION)?.code;
}

function identifiersBehind(reference: ReferenceElement | undefined, open: OpenBundle): LabIdentifier[] {
  const logical = reference?.identifier && fromIdentifier(reference.identifier);
  const types = ['Practitioner', 'PractitionerRole', 'Organization'] as const;
  const found = types.flatMap((type) => fromIdentifiers(open.follow(type, reference)?.resource.identifier));
  return logical ? [logical, ...found] : found;
}

/** A subject that is not in the bundle is known by its logical identifier, or by nothing. */
function readPatient(subject: ReferenceElement | undefined, open: OpenBundle): LabPatient {
  const logical = subject?.identifier && fromIdentifier(subject.identifier);
  const patient = open.follow('Patient', subject)?.resource;
  return {
    identifiers: [...(logical ? [logical] : []), ...fromIdentifiers(patient?.identifier)],
    ...(patient?.birthDate?.length === 10 && { birthDate: patient.birthDate }),
    sex: patient?.gender ?? 'unknown',
  };
}

function readSpecimen(reference: ReferenceElement, open: OpenBundle): LabSpecimen[] {
  const found = open.follow('Specimen', reference)?.resource;
  const logical = reference.identifier && fromIdentifier(reference.identifier);
  if (!found) return logical ? [{ identifiers: [logical] }] : [];
  const { identifier = [], accessionIdentifier, type, collection } = found;
  const collectedAt = collection?.collectedDateTime;
  return [
    {
      identifiers: fromIdentifiers([...identifier, ...(accessionIdentifier ? [accessionIdentifier] : [])]),
      ...(type && { type: fromConcept(type) }),
      ...(collectedAt !== undefined && { collectedAt }),
    },
  ];
}
