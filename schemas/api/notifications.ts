import * as z from 'zod';

import { PathCountry } from '../fields.ts';
import type { OperationContract } from './contract.ts';

const MessagePreview = z
  .strictObject({
    subject: z.string().optional().meta({ description: 'E-mail only' }),
    text: z.string(),
    calendar: z.string().optional().meta({ description: 'The iCalendar object attached, if any' }),
  })
  .meta({ id: 'MessagePreview' });

export const previewMessage = {
  id: 'previewMessage',
  method: 'GET',
  path: '/{country}/notifications/preview',
  summary: 'Shows a message as it would be written, for a made-up visit, result or order; nothing is sent',
  scope: 'notifications:read',
  roles: ['staff', 'admin'],
  params: z.strictObject({ country: PathCountry }),
  query: z.strictObject({
    kind: z.enum([
      'booking-confirmed',
      'booking-rescheduled',
      'booking-cancelled',
      'booking-reminder',
      'result-available',
      'result-corrected',
      'result-retracted',
      'critical-result-raised',
      'critical-result-escalated',
      'device-registered',
      'device-rejected',
      'device-authorized',
      'device-revoked',
      'test-kit-registered',
      'test-kit-rejected',
      'order-placed',
      'order-shipped',
      'order-cancelled',
      'account-updated',
      'consent-given',
      'consent-withdrawn',
    ]),
    language: z.enum(['fr', 'de', 'en']),
    channel: z.enum(['email', 'sms', 'push']),
    recipient: z.enum(['patient', 'practitioner']).default('patient'),
  }),
  status: 200,
  output: MessagePreview,
  refusals: [404],
} as const satisfies OperationContract;

export const takeFeedback = {
  id: 'takeFeedback',
  method: 'POST',
  path: '/{country}/notifications/feedback',
  summary: 'Takes what Amazon SES tells of messages through an SNS topic: bounces, complaints, deliveries',
  signed: true,
  scope: 'none',
  roles: [],
  params: z.strictObject({ country: PathCountry }),
  takes: ['text/plain', 'application/json'],
  status: 204,
  refusals: [404],
} as const satisfies OperationContract;
