import * as z from 'zod';

import type { Feedback } from '../domain/suppression.ts';

const Recipients = z.array(z.object({ emailAddress: z.string().min(3).max(320) }));

const Mail = z.object({
  messageId: z.string().min(1).max(200),
  headers: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
});

/** What SES tells of a message (SES developer guide, "notification contents"; event publishing says `eventType`). */
const SesNotification = z
  .object({
    notificationType: z.string().optional(),
    eventType: z.string().optional(),
    mail: Mail,
    bounce: z
      .object({
        bounceType: z.string(),
        feedbackId: z.string().min(1).max(200),
        timestamp: z.iso.datetime({ offset: true }),
        bouncedRecipients: Recipients,
      })
      .optional(),
    complaint: z
      .object({
        feedbackId: z.string().min(1).max(200),
        timestamp: z.iso.datetime({ offset: true }),
        complainedRecipients: Recipients,
      })
      .optional(),
  })
  .transform(({ notificationType, eventType, ...about }) => ({ ...about, type: notificationType ?? eventType }));

/** As `composeMessage` names it. */
const DELIVERY_HEADER = 'x-careflow-delivery';

/** Undefined for what is no notification of SES, or tells of nothing that matters here. */
export function readSesFeedback(message: string): Feedback | undefined {
  const { success, data } = SesNotification.safeParse(parseJson(message));
  if (!success) return undefined;
  const { type, mail, bounce, complaint } = data;
  const providerMessageId = mail.messageId;
  if (type === 'Bounce' && bounce) {
    const { bounceType, feedbackId, bouncedRecipients, timestamp } = bounce;
    const what = bounceType === 'Permanent' ? 'bounced' : 'bounced-for-now';
    return { what, providerMessageId, feedbackId, addresses: addressesOf(bouncedRecipients), at: instantOf(timestamp) };
  }
  if (type === 'Complaint' && complaint) {
    const { feedbackId, complainedRecipients: of, timestamp } = complaint;
    return { what: 'complained', providerMessageId, feedbackId, addresses: addressesOf(of), at: instantOf(timestamp) };
  }
  const deliveryId = mail.headers.find(({ name }) => name.toLowerCase() === DELIVERY_HEADER)?.value;
  const isTaken = (type === 'Send' || type === 'Delivery') && deliveryId !== undefined;
  return isTaken ? { what: 'taken', providerMessageId, deliveryId } : undefined;
}

function addressesOf(recipients: z.infer<typeof Recipients>): string[] {
  return recipients.map(({ emailAddress }) => /<([^<>]+)>/.exec(emailAddress)?.[1] ?? emailAddress);
}

function instantOf(text: string): Temporal.Instant {
  return Temporal.Instant.from(text);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
