import * as z from 'zod';

import { Country, Id, Instant, Sealed } from '../fields.ts';
import { eventContract } from './contract.ts';

/** How a job of a type is tried and until when. */
export type JobPolicy = {
  /** From the request on; whoever asks sets the deadline by it. */
  readonly withinMinutes: number;
  /**
   * So many in a row before it is given up to the dead letters; put back from there, it has as many again. No more than
   * knative/base/worker.yaml delivers (`retry`, and the first), or a delivery would give it up before.
   */
  readonly attempts: number;
  /** Longer than an attempt takes: after that its outcome counts as unknown, and it is taken up again. */
  readonly leaseSeconds: number;
};

/** Jobs of one type with the same key are one job, however often and by whom it is asked for. */
const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/)
  .meta({ description: '1 to 255 visible ASCII characters, unique among the jobs of this type' });

const job = {
  idempotencyKey: IdempotencyKey,
  deadline: Instant.meta({ description: 'What is not done by then is not done at all, and goes to the dead letters' }),
} as const;

const topic = 'jobs';

/** What an e-mail job seals; a few pages, as the seal's length allows. */
export const EmailContent = z.strictObject({
  to: z.string().min(3).max(320),
  subject: z.string().min(1).max(998),
  text: z.string().min(1),
  html: z.string().optional(),
});

/** What an SMS job seals. */
export const SmsContent = z.strictObject({
  to: z.string().regex(/^\+[1-9]\d{6,14}$/),
  text: z.string().min(1).max(1600),
});

export const EmailRequested = {
  ...eventContract({
    topic,
    type: 'careflow.email.requested.v1',
    summary: 'An e-mail to a patient is to be sent; address and words are sealed. Any function may ask.',
    data: z.strictObject({ ...job, patientId: Id, sealed: Sealed }),
  }),
  policy: { withinMinutes: 24 * 60, attempts: 11, leaseSeconds: 30 },
} as const;

export const SmsRequested = {
  ...eventContract({
    topic,
    type: 'careflow.sms.requested.v1',
    summary: 'A text message to a patient is to be sent; number and words are sealed. Any function may ask.',
    data: z.strictObject({ ...job, patientId: Id, sealed: Sealed }),
  }),
  policy: { withinMinutes: 60, attempts: 11, leaseSeconds: 30 },
} as const;

export const SynchronisationRequested = {
  ...eventContract({
    source: '/careflow/cron',
    topic,
    type: 'careflow.synchronisation.requested.v1',
    summary: 'What one store derives from another is to be brought in step.',
    data: z.strictObject({ ...job, scope: z.enum(['availability', 'results']) }),
  }),
  policy: { withinMinutes: 10, attempts: 4, leaseSeconds: 60 },
} as const;

export const ExportRequested = {
  ...eventContract({
    source: '/careflow/worker',
    topic,
    type: 'careflow.export.requested.v1',
    summary: 'What is kept of a patient is to be put into an archive for them (GDPR, articles 15 and 20).',
    data: z.strictObject({ ...job, exportId: Id, country: Country, patientId: Id }),
  }),
  policy: { withinMinutes: 3 * 24 * 60, attempts: 11, leaseSeconds: 120 },
} as const;

export const ErasureRequested = {
  ...eventContract({
    source: '/careflow/worker',
    topic,
    type: 'careflow.erasure.requested.v1',
    summary: 'All that is kept of a patient is to be erased, but for what law keeps (GDPR, article 17).',
    data: z.strictObject({ ...job, erasureId: Id, country: Country, patientId: Id }),
  }),
  /** A month is what the GDPR gives (article 12(3)). */
  policy: { withinMinutes: 30 * 24 * 60, attempts: 11, leaseSeconds: 120 },
} as const;
