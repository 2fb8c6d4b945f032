import type { LabFault } from './lab-fault.ts';
import type { ReferenceRange } from './lab-range.ts';
import type { ObservationStatus, ReportStatus } from './lab-status.ts';
import type { LabTime } from './lab-time.ts';

/** A decimal number as it was written: `5.10` has two decimals and keeps them. */
export type Decimal = string;

/** `system` is a URI where the sender's name for it is known (`http://loinc.org`), else that name. */
export type LabCoding = {
  readonly code: string;
  readonly system?: string;
  readonly display?: string;
};

/** One meaning in one or more code systems: FHIR `CodeableConcept`, HL7 v2 `CWE`. */
export type LabConcept = {
  readonly codings: readonly LabCoding[];
  readonly text?: string;
};

/** `system` is the assigning authority as its sender names it. */
export type LabIdentifier = {
  readonly value: string;
  readonly system?: string;
  /** HL7 table 0203, such as `MR` or `NI`. */
  readonly type?: string;
};

export type LabUnit = {
  /** As it is shown. */
  readonly text: string;
  /** UCUM, case-sensitive; absent where the sender's unit is none. */
  readonly ucum?: string;
};

export type Comparator = '<' | '<=' | '>' | '>=';

export type LabQuantity = {
  readonly number: Decimal;
  readonly comparator?: Comparator;
  readonly unit?: LabUnit;
};

/** What came with a report as a whole: a PDF, an image, or where it lies. */
export type LabDocument = {
  /** A media type. */
  readonly contentType: string;
  readonly title?: string;
  /** Base64. */
  readonly data?: string;
  readonly url?: string;
};

export type LabValue =
  | ({ readonly type: 'quantity' } & LabQuantity)
  | { readonly type: 'range'; readonly low?: LabQuantity; readonly high?: LabQuantity }
  | { readonly type: 'ratio'; readonly numerator: LabQuantity; readonly denominator: LabQuantity }
  | { readonly type: 'concept'; readonly concept: LabConcept }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'dateTime'; readonly time: LabTime }
  /** A time of day, `hh:mm:ss`. */
  | { readonly type: 'time'; readonly time: string }
  | { readonly type: 'period'; readonly start?: LabTime; readonly end?: LabTime }
  | { readonly type: 'document'; readonly document: LabDocument };

/** One result: FHIR `Observation`, HL7 v2 `OBX`. */
export type LabObservation = {
  /** Tells it from every other of its filler order: code (OBX-3), sub-id (OBX-4) and, where these recur, which of them. */
  readonly identity: string;
  readonly code: LabConcept;
  readonly subId?: string;
  /** OBX-2. */
  readonly valueType?: string;
  /** None where there is no value; more than one where OBX-5 repeats. */
  readonly values: readonly LabValue[];
  readonly unit?: LabUnit;
  readonly ranges: readonly ReferenceRange[];
  /** Codes of HL7 table 0078, as they were sent. */
  readonly interpretation: readonly string[];
  readonly status: ObservationStatus;
  /** OBX-11 as it was sent; empty where it was. */
  readonly statusCode: string;
  /** OBX-14: when the specimen was taken or the patient looked at. */
  readonly observedAt?: LabTime;
  /** OBX-19: when it was analysed. */
  readonly analysedAt?: LabTime;
  readonly method?: LabConcept;
  readonly notes: readonly string[];
};

export type Sex = 'male' | 'female' | 'other' | 'unknown';

/** Whom a report says it is about; `matchPatient` decides who that is. */
export type LabPatient = {
  readonly identifiers: readonly LabIdentifier[];
  readonly birthDate?: string;
  readonly sex: Sex;
};

export type LabSpecimen = {
  /** What its barcode says. */
  readonly identifiers: readonly LabIdentifier[];
  readonly type?: LabConcept;
  readonly collectedAt?: LabTime;
};

/** The results of one order: FHIR `DiagnosticReport`, HL7 v2 `OBR` with what belongs to it. */
export type LabReport = {
  /** OBR-3: the laboratory's number of the order. */
  readonly fillerOrder: LabIdentifier;
  /** OBR-2: the number that whoever ordered gave it. */
  readonly placerOrder?: LabIdentifier;
  /** OBR-4: what was ordered. */
  readonly service: LabConcept;
  readonly status: ReportStatus;
  /** OBR-25 as it was sent; empty where it was. */
  readonly statusCode: string;
  /** OBR-22. */
  readonly statusChangedAt?: LabTime;
  /** OBR-7. */
  readonly observedAt?: LabTime;
  /** OBR-24, HL7 table 0074, such as `CH` or `MB`. */
  readonly section?: string;
  /** OBR-16 or ORC-12. */
  readonly orderedBy: readonly LabIdentifier[];
  readonly patient: LabPatient;
  readonly specimens: readonly LabSpecimen[];
  readonly observations: readonly LabObservation[];
  /** Documents of the report itself; those that came as an observation are its value. */
  readonly documents: readonly LabDocument[];
  readonly notes: readonly string[];
};

/** What one message, bundle or event says, whatever it was written in. */
export type LabMessage = {
  /** Who sent it: one name per sending application and facility. */
  readonly sender: string;
  /** MSH-10: the sender's number of the message. */
  readonly controlId: string;
  /** MSH-7. */
  readonly sentAt?: LabTime;
  readonly reports: readonly LabReport[];
  /** What was odd and could be read all the same. */
  readonly warnings: readonly LabFault[];
};

/** Everything that came as a document, whichever way. */
export function documentsOf({ documents, observations }: LabReport): LabDocument[] {
  const values = observations.flatMap((observation) => observation.values);
  return [...documents, ...values.flatMap((value) => (value.type === 'document' ? [value.document] : []))];
}

/** Whether a document came as its value: that may tell of anything its report says. */
export function hasDocument({ values }: Pick<LabObservation, 'values'>): boolean {
  return values.some(({ type }) => type === 'document');
}

/** Whether a report says something of its own, beside its observations: documents or a conclusion. */
export function hasOwnWord({ documents, notes }: Pick<LabReport, 'documents' | 'notes'>): boolean {
  return documents.length > 0 || notes.length > 0;
}

/** Tells a report from every other of its sender: the filler order, and what was ordered under it. */
export function reportIdentity({ fillerOrder, service }: Pick<LabReport, 'fillerOrder' | 'service'>): string {
  return joinIdentity([fillerOrder.system, fillerOrder.value, keyOf(service)]);
}

/** What an observation is called within its filler order; `occurrence` counts from 1. */
export function observationIdentity(code: LabConcept, subId: string | undefined, occurrence: number): string {
  return joinIdentity([keyOf(code), subId, ...(occurrence > 1 ? [String(occurrence)] : [])]);
}

/** A local code stands before a LOINC code: a laboratory may give two of its tests one LOINC code. */
function keyOf({ codings, text }: LabConcept): string {
  const local = codings.find(({ system }) => system !== LOINC) ?? codings[0];
  return local === undefined ? (text ?? '') : `${local.system ?? ''}:${local.code}`;
}

/** Parts are encoded, so that no two lists of them make one name. */
function joinIdentity(parts: readonly (string | undefined)[]): string {
  return parts.map((part) => encodeURIComponent((part ?? '').toWellFormed())).join('|');
}

export const LOINC = 'http://loinc.org';
export const UCUM = 'http://unitsofmeasure.org';

export function loincIn({ code }: LabObservation): string | undefined {
  return code.codings.find(({ system }) => system === LOINC)?.code;
}

const EMBEDDED = 'urn:uuid:';

/** How what is said of a result names a document that came within it. */
export function embeddedUrl(documentId: string): string {
  return `${EMBEDDED}${documentId}`;
}

/** The id of a document that came within the result; undefined for one that lies elsewhere. */
export function documentIdOf({ url }: LabDocument): string | undefined {
  return url?.startsWith(EMBEDDED) === true ? url.slice(EMBEDDED.length) : undefined;
}
