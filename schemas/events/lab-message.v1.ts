import * as z from 'zod';

import { Country, Id, Instant, observationStatuses } from '../fields.ts';
import { eventContract } from './contract.ts';

/** What a laboratory sent, sealed: only who has its key reads it. */
export const LabMessageReceived = eventContract({
  source: '/careflow/lab-results',
  topic: 'lis-results',
  type: 'careflow.lab-message.received.v1',
  summary: 'A message of a laboratory was taken and is to be applied.',
  data: z.strictObject({
    messageId: Id,
    country: Country,
    receivedAt: Instant,
    sealed: z
      .string()
      .regex(/^[\w-]+\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+$/)
      .meta({ description: 'Compact JWE of the message; its key is destroyed when it has been applied' }),
  }),
});

/** One line of text, as names and codes are. */
const Text = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u);
const Prose = z
  .string()
  .max(100_000)
  .regex(/^[^\0\p{Cs}]*$/u);

/** As exact as it is known: `2026`, `2026-03`, `2026-03-09`, or RFC 3339 with an offset. */
const LabTime = z
  .union([Instant, z.iso.date().regex(/^(?:19|20|21)/), z.string().regex(/^(?:19|20|21)\d{2}(?:-(?:0[1-9]|1[0-2]))?$/)])
  .meta({ id: 'LabTime' });

const Concept = z
  .strictObject({
    codings: z
      .array(z.strictObject({ code: Text, system: Text.optional(), display: Text.optional() }))
      .max(10)
      .default([]),
    text: Text.optional(),
  })
  .refine(({ codings, text }) => codings.length > 0 || text !== undefined, 'Says nothing')
  .meta({ id: 'LabConcept' });

const Identifier = z
  .strictObject({ value: Text, system: Text.optional(), type: Text.optional() })
  .meta({ id: 'LabIdentifier' });

const Unit = z.strictObject({ text: Text, ucum: Text.optional() });

const quantity = {
  number: z.string().regex(/^-?\d{1,20}(\.\d{1,20})?$/),
  comparator: z.enum(['<', '<=', '>', '>=']).optional(),
  unit: Unit.optional(),
};
const Quantity = z.strictObject(quantity);

const Document = z.strictObject({
  contentType: z.string().regex(/^[\w.+-]{1,60}\/[\w.+-]{1,100}$/),
  title: Text.optional(),
  data: z.base64().max(950_000).optional(),
  url: z.url().max(1000).optional(),
});

const Value = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('quantity'), ...quantity }),
    z.strictObject({ type: z.literal('range'), low: Quantity.optional(), high: Quantity.optional() }),
    z.strictObject({ type: z.literal('ratio'), numerator: Quantity, denominator: Quantity }),
    z.strictObject({ type: z.literal('concept'), concept: Concept }),
    z.strictObject({ type: z.literal('text'), text: Prose }),
    z.strictObject({ type: z.literal('dateTime'), time: LabTime }),
    z.strictObject({ type: z.literal('time'), time: z.iso.time() }),
    z.strictObject({ type: z.literal('period'), start: LabTime.optional(), end: LabTime.optional() }),
    z.strictObject({ type: z.literal('document'), document: Document }),
  ])
  .meta({ id: 'LabValue' });

const Notes = z.array(Prose).max(100).default([]);

const Observation = z
  .strictObject({
    code: Concept,
    subId: Text.optional(),
    status: z.enum(observationStatuses),
    values: z.array(Value).max(100).default([]),
    unit: Unit.optional(),
    ranges: z.array(Text).max(10).default([]).meta({ description: 'Such as `3.5-5.1`, `<5` or text' }),
    interpretation: z.array(Text).max(10).default([]).meta({ description: 'Codes of HL7 table 0078' }),
    observedAt: LabTime.optional(),
    analysedAt: LabTime.optional(),
    method: Concept.optional(),
    notes: Notes,
  })
  .meta({ id: 'LabObservation' });

const Report = z
  .strictObject({
    fillerOrder: Identifier,
    placerOrder: Identifier.optional(),
    service: Concept,
    status: z.enum([...observationStatuses, 'partial']),
    statusChangedAt: LabTime.optional(),
    observedAt: LabTime.optional(),
    section: Text.optional().meta({ description: 'HL7 table 0074, such as CH' }),
    orderedBy: z.array(Identifier).max(10).default([]),
    patient: z.strictObject({
      identifiers: z.array(Identifier).min(1).max(20),
      birthDate: z.iso.date().optional(),
      sex: z.enum(['male', 'female', 'other', 'unknown']),
    }),
    specimens: z
      .array(
        z.strictObject({
          identifiers: z.array(Identifier).max(10).default([]),
          type: Concept.optional(),
          collectedAt: LabTime.optional(),
        }),
      )
      .max(20)
      .default([]),
    observations: z.array(Observation).max(2000),
    documents: z.array(Document).max(20).default([]),
    notes: Notes,
  })
  .meta({ id: 'LabReport' });

/** The project's own way to send results; whoever has them may be its source. */
export const LabResultSubmitted = eventContract({
  topic: 'lis-results',
  type: 'careflow.lab-result.submitted.v1',
  summary: 'A laboratory has results of one or more orders.',
  data: z.strictObject({
    sender: Text.meta({ description: 'Names the laboratory’s system' }),
    controlId: Text.meta({
      description: 'The sender’s number of the message; the same number again is the same message',
    }),
    sentAt: LabTime.optional(),
    reports: z.array(Report).min(1).max(500),
  }),
});

/** HL7 v2 or FHIR R4 that another system wrote into the topic as it is. */
export const LisRecordFound = eventContract({
  type: 'dev.knative.kafka.event',
  summary: 'A record of the topic that is no CloudEvent: the bytes of an HL7 v2 message or of a FHIR bundle.',
  data: z.base64().min(1),
});
