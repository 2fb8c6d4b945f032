import * as z from 'zod';

import { Country, Id, Instant, Version } from '../fields.ts';
import { eventContract } from './contract.ts';

/** Ids and times only: that there is a result, never what it says. */
const Report = {
  reportId: Id,
  version: Version,
  country: Country,
  patientId: Id,
} as const;

const Alert = {
  ...Report,
  alertId: Id,
  /** Who ordered the examination, or stands in for them. */
  practitionerId: Id,
  raisedAt: Instant,
} as const;

const published = { source: '/careflow/lab-results', topic: 'result-events' } as const;

export const ResultReleased = eventContract({
  ...published,
  type: 'careflow.lab-result.released.v1',
  summary: 'A report, or more of it, became visible to its patient.',
  data: z.strictObject({ ...Report, releasedAt: Instant, testKitId: Id.optional() }),
});

export const ResultCorrected = eventContract({
  ...published,
  type: 'careflow.lab-result.corrected.v1',
  summary: 'A report that its patient can see was corrected.',
  data: z.strictObject({ ...Report, correctedAt: Instant }),
});

export const ResultRetracted = eventContract({
  ...published,
  type: 'careflow.lab-result.retracted.v1',
  summary: 'What a patient could see was entered in error and is withdrawn.',
  data: z.strictObject({ ...Report, retractedAt: Instant }),
});

export const CriticalResultRaised = eventContract({
  ...published,
  type: 'careflow.critical-result.raised.v1',
  summary: 'A result needs a clinician at once.',
  data: z.strictObject(Alert),
});

export const CriticalResultEscalated = eventContract({
  ...published,
  type: 'careflow.critical-result.escalated.v1',
  summary: 'Nobody has acknowledged a critical result in time.',
  data: z.strictObject({
    ...Alert,
    /** 1 after 15 minutes, 2 after 30, 3 after 60. */
    step: z.int().min(1).max(3),
  }),
});

export const CriticalResultAcknowledged = eventContract({
  ...published,
  type: 'careflow.critical-result.acknowledged.v1',
  summary: 'A clinician has taken note of a critical result.',
  data: z.strictObject({ ...Alert, acknowledgedAt: Instant }),
});
