import * as z from 'zod';

import { observationStatuses, reportStatuses, sexes } from './tables.ts';

/** Times from 1900 to 2199, as everywhere: calendars and databases end at different years. */
const DATE_TIME =
  /^(?:19|20|21)\d{2}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01])(?:T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d))?)?)?$/;
const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/;

const Text = z.string().max(1_048_576);
const Short = z.string().max(4_096);
const DateTime = z.string().regex(DATE_TIME, 'Not a dateTime').refine(isOnCalendar, 'Not on the calendar');

const Coding = z.object({ system: Short.optional(), code: Short.optional(), display: Short.optional() });
const CodeableConcept = z.object({ coding: z.array(Coding).optional(), text: Text.optional() });
/** A concept that somebody can read or look up. */
const Named = CodeableConcept.refine(
  ({ coding = [], text = '' }) => text !== '' || coding.some(({ code }) => code !== undefined),
  'This says nothing',
);
const Identifier = z.object({
  system: Short.optional(),
  value: Short.optional(),
  type: CodeableConcept.optional(),
});
const Reference = z.object({ reference: Short.optional(), identifier: Identifier.optional() });
const Quantity = z.object({
  /** The text of the number: `parseFhirJson` keeps it. */
  value: z.string().regex(DECIMAL, 'Not a decimal').optional(),
  comparator: z.enum(['<', '<=', '>=', '>']).optional(),
  unit: Short.optional(),
  system: Short.optional(),
  code: Short.optional(),
});
const Range = z.object({ low: Quantity.optional(), high: Quantity.optional() });
const Period = z.object({ start: DateTime.optional(), end: DateTime.optional() });
const Attachment = z.object({
  contentType: Short.optional(),
  data: z.base64().optional(),
  url: Short.optional(),
  title: Short.optional(),
});
const Annotation = z.object({ text: Text });

const valueFields = {
  valueQuantity: Quantity.optional(),
  valueCodeableConcept: CodeableConcept.optional(),
  valueString: Text.optional(),
  valueBoolean: z.boolean().optional(),
  valueInteger: z.int().optional(),
  valueRange: Range.optional(),
  valueRatio: z.object({ numerator: Quantity.optional(), denominator: Quantity.optional() }).optional(),
  valueTime: z
    .string()
    .regex(/^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?$/, 'Not a time')
    .optional(),
  valueDateTime: DateTime.optional(),
  valuePeriod: Period.optional(),
  valueSampledData: z.object({ data: Text.optional() }).optional(),
};

const saidFields = {
  ...valueFields,
  interpretation: z.array(CodeableConcept).optional(),
  referenceRange: z
    .array(z.object({ low: Quantity.optional(), high: Quantity.optional(), text: Text.optional() }))
    .optional(),
};

const Observation = z.object({
  status: z.enum(observationStatuses),
  code: Named,
  subject: Reference.optional(),
  effectiveDateTime: DateTime.optional(),
  effectivePeriod: Period.optional(),
  effectiveInstant: DateTime.optional(),
  issued: DateTime.optional(),
  method: CodeableConcept.optional(),
  note: z.array(Annotation).optional(),
  hasMember: z.array(Reference).optional(),
  component: z.array(z.object({ code: Named, ...saidFields })).optional(),
  ...saidFields,
});

const DiagnosticReport = z.object({
  identifier: z.array(Identifier).optional(),
  basedOn: z.array(Reference).optional(),
  status: z.enum(reportStatuses),
  category: z.array(CodeableConcept).optional(),
  code: CodeableConcept,
  subject: Reference.optional(),
  effectiveDateTime: DateTime.optional(),
  effectivePeriod: Period.optional(),
  issued: DateTime.optional(),
  specimen: z.array(Reference).optional(),
  result: z.array(Reference).optional(),
  conclusion: Text.optional(),
  presentedForm: z.array(Attachment).optional(),
});

const Patient = z.object({
  identifier: z.array(Identifier).optional(),
  birthDate: DateTime.optional(),
  gender: z.enum(sexes).optional(),
});

const ServiceRequest = z.object({ identifier: z.array(Identifier).optional(), requester: Reference.optional() });
const Identified = z.object({ identifier: z.array(Identifier).optional() });
const Specimen = z.object({
  identifier: z.array(Identifier).optional(),
  accessionIdentifier: Identifier.optional(),
  type: CodeableConcept.optional(),
  collection: z.object({ collectedDateTime: DateTime.optional() }).optional(),
});
const MessageHeader = z.object({ source: z.object({ endpoint: Short.optional(), name: Short.optional() }) });

/** What is read of each resource; the rest of FHIR is passed over. */
export const resources = {
  DiagnosticReport,
  Observation,
  Patient,
  ServiceRequest,
  Specimen,
  Practitioner: Identified,
  PractitionerRole: Identified,
  Organization: Identified,
  MessageHeader,
} as const;

export type ResourceType = keyof typeof resources;
export type Read<Type extends ResourceType> = z.infer<(typeof resources)[Type]>;
export type Concept = z.infer<typeof CodeableConcept>;
export type IdentifierElement = z.infer<typeof Identifier>;
export type ReferenceElement = z.infer<typeof Reference>;
export type QuantityElement = z.infer<typeof Quantity>;
export type AttachmentElement = z.infer<typeof Attachment>;
export type Said = Pick<Read<'Observation'>, keyof typeof saidFields>;

/** A bundle and what lies in it, whatever that is. */
export const Bundle = z.object({
  resourceType: z.literal('Bundle'),
  type: z.enum(['message', 'transaction', 'batch', 'collection', 'document']),
  id: Short.optional(),
  identifier: Identifier.optional(),
  timestamp: DateTime.optional(),
  entry: z
    .array(
      z.object({
        fullUrl: Short.optional(),
        resource: z.looseObject({ resourceType: z.string(), id: Short.optional() }).optional(),
      }),
    )
    .max(10_000)
    .optional(),
});

function isOnCalendar(time: string): boolean {
  if (time.length < 10) return true;
  const [year = 0, month = 0, day = 0] = time.slice(0, 10).split('-').map(Number);
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
}
