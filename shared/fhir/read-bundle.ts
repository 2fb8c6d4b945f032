import { faultCodes, type LabFault } from '../domain/lab-fault.ts';
import { isTooLong, overlongOfReport } from '../domain/lab-name.ts';
import type {
  LabIdentifier,
  LabMessage,
  LabObservation,
  LabPatient,
  LabReport,
  LabSpecimen,
} from '../domain/lab-report.ts';
import { MOST_OBSERVATIONS, MOST_REPORTS } from '../domain/lab-size.ts';
import { type Found, type OpenBundle, openBundle } from './bundle-resources.ts';
import { SECTION } from './code-systems.ts';
import type { Read, ReferenceElement } from './contract.ts';
import { parseFhirJson } from './decimal.ts';
import { fromAttachment, fromConcept, fromIdentifier, fromIdentifiers, typeOf } from './read-elements.ts';
import { type OrderObservations, readObservations } from './read-observations.ts';

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
  if (found.length > MOST_REPORTS) return refused([{ ...atBundle, ...tooMany, expression: 'Bundle.entry' }]);
  const orders: Orders = new Map();
  const reports = found.flatMap((each) => readReport(each, open, orders) ?? []);
  const isWithoutReport = found.length === 0 && open.faults.length === 0;
  const from = senderOf(open) ?? { name: sender, at: 'Bundle' };
  const faults = [...open.faults, ...missing(controlId, isWithoutReport), ...overlong(controlId, from)];
  if (faults.some(({ severity }) => severity === 'error')) return refused(faults);
  const sentAt = open.bundle.timestamp;
  const message = { sender: from.name, controlId, ...(sentAt !== undefined && { sentAt }) };
  return { outcome: 'parsed', message: { ...message, reports, warnings: faults } };
}

const tooMany = { code: faultCodes.tooLong, text: 'These are too many' } as const;
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

function overlong(controlId: string, sender: Sender): LabFault[] {
  const faults: LabFault[] = [];
  const fault = { severity: 'error', code: faultCodes.tooLong } as const;
  if (isTooLong(controlId))
    faults.push({ ...fault, expression: 'Bundle.identifier', text: 'The identifier of the bundle is too long' });
  if (isTooLong(sender.name)) faults.push({ ...fault, expression: sender.at, text: 'The sender has too long a name' });
  return faults;
}

/** What the sender knows the bundle by. */
function controlIdOf({ bundle: { identifier, id } }: OpenBundle): string {
  return identifier?.value ?? id ?? '';
}

type Sender = { readonly name: string; readonly at: string };

function senderOf(open: OpenBundle): Sender | undefined {
  const header = open.all('MessageHeader')[0];
  const named = header?.resource.source.endpoint ?? header?.resource.source.name;
  if (header && named !== undefined) return { name: named, at: `${header.at}.source` };
  const system = open.bundle.identifier?.system;
  return system === undefined ? undefined : { name: system, at: 'Bundle.identifier.system' };
}

/** By filler order: what one order's observations are called must not depend on its reports. */
type Orders = Map<string, OrderObservations>;

function observationsOf({ value, system = '' }: LabIdentifier, orders: Orders): OrderObservations {
  const key = `${system}|${value}`;
  const known = orders.get(key) ?? { occurrences: new Map(), read: new Map() };
  orders.set(key, known);
  return known;
}

function readReport(
  { resource, at }: Found<'DiagnosticReport'>,
  open: OpenBundle,
  orders: Orders,
): LabReport | undefined {
  const order = open.follow('ServiceRequest', resource.basedOn?.[0])?.resource;
  const fillerOrder = numberOf('FILL', resource.identifier) ?? numberOf('FILL', order?.identifier);
  const placerOrder = placerOf(resource, order);
  const known = fillerOrder ?? fromIdentifiers(resource.identifier)[0] ?? placerOrder;
  if (!known) return refuseNumberless(at, open);
  const service = fromConcept(resource.code);
  refuseOverlong({ fillerOrder: known, service }, at, open);
  const section = sectionOf(resource);
  const observedAt = resource.effectiveDateTime ?? resource.effectivePeriod?.start;
  return {
    fillerOrder: known,
    ...(placerOrder && { placerOrder }),
    service,
    status: resource.status === 'appended' ? 'amended' : resource.status,
    statusCode: resource.status,
    ...(resource.issued !== undefined && { statusChangedAt: resource.issued }),
    ...(observedAt !== undefined && { observedAt }),
    ...(section !== undefined && { section }),
    orderedBy: order ? identifiersBehind(order.requester, open) : [],
    patient: readPatient(resource.subject, open),
    specimens: (resource.specimen ?? []).flatMap((reference) => readSpecimen(reference, open)),
    observations: withinLimit(readObservations({ resource, at }, open, observationsOf(known, orders)), at, open),
    documents: (resource.presentedForm ?? []).flatMap((form) => fromAttachment(form) ?? []),
    notes: resource.conclusion === undefined ? [] : [resource.conclusion],
  };
}

function withinLimit(observations: LabObservation[], at: string, { faults }: OpenBundle): LabObservation[] {
  if (observations.length > MOST_OBSERVATIONS) faults.push({ ...atBundle, ...tooMany, expression: `${at}.result` });
  return observations;
}

function refuseOverlong(named: Pick<LabReport, 'fillerOrder' | 'service'>, at: string, { faults }: OpenBundle): void {
  const found = overlongOfReport(named);
  if (found === undefined) return;
  const fault = { code: faultCodes.tooLong, severity: 'error', text: 'The order has too long a name' } as const;
  faults.push({ ...fault, expression: `${at}.${found === 'fillerOrder' ? 'identifier' : 'code'}` });
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
