import * as z from 'zod';

import { Id, Instant, observationStatuses, PathCountry, Version, wholeNumber } from '../fields.ts';
import type { OperationContract } from './contract.ts';

const country = z.strictObject({ country: PathCountry });
const one = z.strictObject({ country: PathCountry, id: Id });

const page = {
  cursor: z.string().max(200).optional(),
  limit: wholeNumber({ min: 1, max: 100, absent: 20 }),
};

const everybody = ['patient', 'practitioner', 'staff', 'system', 'admin'] as const;
const sends = { scope: 'lab-results:write', roles: ['system', 'admin'] } as const;
const reads = { scope: 'results:read', roles: everybody } as const;
const decides = { scope: 'results:write', roles: ['practitioner', 'staff', 'admin'] } as const;
const manages = { scope: 'lab-results:manage', roles: ['staff', 'admin'] } as const;

const fhir = { 'application/fhir+json': 200 } as const;

const Coding = z.strictObject({ code: z.string(), system: z.string().optional(), display: z.string().optional() });
const Concept = z.strictObject({ codings: z.array(Coding), text: z.string().optional() });
const Unit = z.strictObject({ text: z.string(), ucum: z.string().optional() });
const Value = z
  .looseObject({
    type: z.enum(['quantity', 'range', 'ratio', 'concept', 'text', 'dateTime', 'time', 'period', 'document']),
  })
  .meta({
    id: 'ResultValue',
    description: 'What was found, by type; numbers are decimal text as the laboratory wrote them',
  });

const Bound = z.strictObject({ number: z.string(), inclusive: z.boolean() });
const ReferenceRange = z.strictObject({ text: z.string(), low: Bound.optional(), high: Bound.optional() });

const said = {
  status: z.enum(observationStatuses),
  values: z.array(Value).meta({ description: 'Empty where there is none, and of what was withdrawn' }),
  unit: Unit.optional(),
  referenceRanges: z.array(ReferenceRange),
  interpretation: z.array(z.string()).meta({ description: 'Codes of HL7 table 0078' }),
  notes: z.array(z.string()),
  changedAt: z.string().nullable().meta({ description: 'When the laboratory said so, as exact as it did' }),
};

const HeldBecause = z.array(z.enum(['not-final', 'category', 'preference', 'critical', 'unmapped-code']));

const ResultObservation = z
  .strictObject({
    id: Id,
    loinc: z.string().nullable().meta({ description: 'Null while nobody has said what the laboratory’s code means' }),
    code: Concept,
    isCritical: z.boolean(),
    isWithdrawn: z
      .boolean()
      .meta({ description: 'Withdrawn by the laboratory; to its patient also what it does not stand by at present' }),
    effectiveAt: Instant,
    releaseAt: Instant.nullable().meta({ description: 'When its patient may see it; null while nobody can tell' }),
    releasedAt: Instant.nullable(),
    heldBecause: HeldBecause.meta({ description: 'Why its patient may not see it before that' }),
    ...said,
    former: z.array(z.strictObject(said)).meta({ description: 'What the laboratory said before, the oldest first' }),
  })
  .meta({ id: 'ResultObservation' });

const ResultDocument = z.strictObject({
  id: Id.nullable(),
  contentType: z.string(),
  title: z.string().optional(),
  url: z.string().optional(),
});

export const Result = z
  .strictObject({
    id: Id,
    version: Version,
    patientId: Id,
    practitionerId: Id.nullable(),
    status: z.enum([...said.status.options, 'partial']),
    category: z.enum(['routine', 'sensitive', 'pathology', 'genetic']),
    service: Concept,
    fillerOrder: z.string(),
    effectiveAt: Instant,
    releaseAt: Instant.nullable().meta({
      description:
        'When its patient may see the next of what is held; null where nothing waits for its time, and to the patient',
    }),
    releasedAt: Instant.nullable().meta({ description: 'Since when its patient sees anything of it' }),
    heldBecause: HeldBecause.meta({ description: 'Why its patient may not see all of it; empty to the patient' }),
    observations: z.array(ResultObservation),
    documents: z.array(ResultDocument),
    notes: z.array(z.string()),
  })
  .meta({ id: 'Result' });

export const submitLabResults = {
  ...sends,
  id: 'submitLabResults',
  method: 'POST',
  path: '/{country}/lab-results',
  summary: 'Takes results of a laboratory: HL7 v2 ORU^R01, a FHIR R4 bundle, or a CloudEvent of our own',
  params: country,
  takes: ['application/hl7-v2', 'application/fhir+json', 'application/cloudevents+json', 'application/json'],
  // Sealed, and in the log as a CloudEvent, it is a third larger, and the log's readers take 1 MiB.
  bodyLimitBytes: 700 * 1024,
  status: 202,
  output: z.strictObject({ id: Id, status: z.enum(['accepted', 'repeated']) }).meta({ id: 'LabMessageTaken' }),
  answers: { 'application/hl7-v2': 200, 'application/fhir+json': 202 },
  refusals: [404, 409, 422],
} as const satisfies OperationContract;

export const listPatientResults = {
  ...reads,
  id: 'listPatientResults',
  method: 'GET',
  path: '/{country}/patients/{id}/results',
  summary: 'Lists the results of a patient, the newest first; of one analyte where it is named',
  params: one,
  query: z.strictObject({
    ...page,
    analyte: z
      .string()
      .regex(/^\d{1,7}-\d$/)
      .optional()
      .meta({ description: 'LOINC code: reports that have it, and of them its observations', example: '2823-3' }),
  }),
  status: 200,
  output: z.strictObject({ items: z.array(Result), nextCursor: z.string().nullable() }).meta({ id: 'ResultPage' }),
  answers: fhir,
  refusals: [404],
} as const satisfies OperationContract;

export const getResult = {
  ...reads,
  id: 'getResult',
  method: 'GET',
  path: '/{country}/results/{id}',
  summary: 'Reads a report with its observations and what they were before',
  params: one,
  status: 200,
  output: Result,
  answers: fhir,
  refusals: [404],
} as const satisfies OperationContract;

export const getResultDocument = {
  ...reads,
  id: 'getResultDocument',
  method: 'GET',
  path: '/{country}/results/{id}/documents/{documentId}',
  summary: 'Reads a document that came with a report, such as its PDF',
  params: z.strictObject({ country: PathCountry, id: Id, documentId: Id }),
  status: 200,
  answers: { 'application/pdf': 200 },
  refusals: [404],
} as const satisfies OperationContract;

const Released = z
  .strictObject({ id: Id, version: Version, releaseAt: Instant.nullable(), releasedAt: Instant.nullable() })
  .meta({ id: 'ResultRelease' });

export const reviewResult = {
  ...decides,
  id: 'reviewResult',
  method: 'POST',
  path: '/{country}/results/{id}/review',
  summary: 'Notes that a clinician has looked at what is there of a report, which ends what waits for that',
  params: one,
  status: 200,
  output: Released,
  refusals: [404, 409, 422],
} as const satisfies OperationContract;

export const releaseResult = {
  ...manages,
  id: 'releaseResult',
  method: 'POST',
  path: '/{country}/results/{id}/release',
  summary: 'Lets a patient see what is there of a report that is held',
  params: one,
  status: 200,
  output: Released,
  refusals: [404, 409, 422],
} as const satisfies OperationContract;

const ReleasePreference = z.enum(['as-advised', 'at-once', 'after-review']);

export const saveReleasePreference = {
  id: 'saveReleasePreference',
  scope: 'results:write',
  roles: ['patient', 'staff', 'admin'],
  method: 'PUT',
  path: '/{country}/patients/{id}/result-preference',
  summary: 'Says when a patient wants to see results: as is advised, at once, or when a clinician has looked at them',
  params: one,
  body: z.strictObject({ preference: ReleasePreference }),
  status: 200,
  output: z.strictObject({ preference: ReleasePreference }).meta({ id: 'ResultPreference' }),
  refusals: [404],
} as const satisfies OperationContract;

export const CriticalResult = z
  .strictObject({
    id: Id,
    reportId: Id,
    observationId: Id,
    patientId: Id,
    practitionerId: Id.nullable(),
    raisedAt: Instant,
    step: z.int().min(0).max(3).meta({ description: 'Times it was escalated' }),
    acknowledgedAt: Instant.nullable(),
  })
  .meta({ id: 'CriticalResult' });

export const listCriticalResults = {
  scope: 'results:read',
  roles: ['practitioner', 'staff', 'admin'],
  id: 'listCriticalResults',
  method: 'GET',
  path: '/{country}/critical-results',
  summary: 'Lists critical results nobody has acknowledged yet, the oldest first',
  params: country,
  query: z.strictObject(page),
  status: 200,
  output: z
    .strictObject({ items: z.array(CriticalResult), nextCursor: z.string().nullable() })
    .meta({ id: 'CriticalResultPage' }),
  refusals: [404],
} as const satisfies OperationContract;

export const acknowledgeCriticalResult = {
  ...decides,
  id: 'acknowledgeCriticalResult',
  method: 'POST',
  path: '/{country}/critical-results/{id}/acknowledge',
  summary: 'Takes note of a critical result: nobody else is alerted to it',
  params: one,
  status: 200,
  output: CriticalResult,
  refusals: [404, 409, 422],
} as const satisfies OperationContract;

export const saveDutyClinician = {
  ...manages,
  id: 'saveDutyClinician',
  method: 'PUT',
  path: '/{country}/duty-clinician',
  summary: 'Names who is alerted where nobody of ours ordered, or nobody takes note',
  params: country,
  body: z.strictObject({ practitionerId: Id }),
  status: 200,
  output: z.strictObject({ practitionerId: Id }).meta({ id: 'DutyClinician' }),
  refusals: [404],
} as const satisfies OperationContract;

const QuarantinedMessage = z
  .strictObject({
    id: Id,
    sender: z.string(),
    controlId: z.string(),
    mediaType: z.string(),
    reason: z.enum(['control-id-reused', 'wrong-patient', 'unreadable']),
    details: z.array(z.string()),
    receivedAt: Instant,
    state: z.enum(['waiting', 'released', 'discarded']),
  })
  .meta({ id: 'QuarantinedMessage' });

export const listQuarantinedMessages = {
  ...manages,
  id: 'listQuarantinedMessages',
  method: 'GET',
  path: '/{country}/lab-quarantine',
  summary: 'Lists messages whose results are shown to nobody until somebody has looked at them',
  params: country,
  query: z.strictObject(page),
  status: 200,
  output: z
    .strictObject({ items: z.array(QuarantinedMessage), nextCursor: z.string().nullable() })
    .meta({ id: 'QuarantinedMessagePage' }),
  refusals: [404],
} as const satisfies OperationContract;

export const readQuarantinedMessage = {
  ...manages,
  id: 'readQuarantinedMessage',
  method: 'GET',
  path: '/{country}/lab-quarantine/{id}',
  summary: 'Reads a message in quarantine as it came',
  params: one,
  status: 200,
  answers: { 'application/hl7-v2': 200, 'application/fhir+json': 200, 'application/json': 200 },
  refusals: [404, 409],
} as const satisfies OperationContract;

export const releaseQuarantinedMessage = {
  ...manages,
  id: 'releaseQuarantinedMessage',
  method: 'POST',
  path: '/{country}/lab-quarantine/{id}/release',
  summary: 'Applies a message in quarantine, for the patient that somebody has found it to be about',
  params: one,
  body: z.strictObject({ patientId: Id.optional() }),
  status: 200,
  output: QuarantinedMessage,
  refusals: [404, 409, 422],
} as const satisfies OperationContract;

export const discardQuarantinedMessage = {
  ...manages,
  id: 'discardQuarantinedMessage',
  method: 'POST',
  path: '/{country}/lab-quarantine/{id}/discard',
  summary: 'Drops a message in quarantine and what was kept of it',
  params: one,
  status: 200,
  output: QuarantinedMessage,
  refusals: [404, 409, 422],
} as const satisfies OperationContract;

const LocalCode = z
  .strictObject({
    id: Id,
    sender: z.string(),
    system: z.string(),
    code: z.string(),
    display: z.string().nullable(),
    loinc: z.string().nullable(),
  })
  .meta({ id: 'LocalCode' });

export const listUnmappedCodes = {
  ...manages,
  id: 'listUnmappedCodes',
  method: 'GET',
  path: '/{country}/lab-codes',
  summary: 'Lists codes of laboratories that nobody has said the meaning of; results wait for each',
  params: country,
  query: z.strictObject(page),
  status: 200,
  output: z
    .strictObject({ items: z.array(LocalCode), nextCursor: z.string().nullable() })
    .meta({ id: 'LocalCodePage' }),
  refusals: [404],
} as const satisfies OperationContract;

export const mapLocalCode = {
  ...manages,
  id: 'mapLocalCode',
  method: 'POST',
  path: '/{country}/lab-codes/{id}/map',
  summary: 'Says what a laboratory’s code means; the results that wait for it are seen to',
  params: one,
  body: z.strictObject({
    loinc: z
      .string()
      .regex(/^\d{1,7}-\d$/)
      .max(9)
      .meta({ example: '2823-3' }),
  }),
  status: 200,
  output: LocalCode,
  refusals: [404, 409, 422],
} as const satisfies OperationContract;
