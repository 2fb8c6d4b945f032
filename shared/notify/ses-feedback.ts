import * as z from 'zod';

import type { Complaint, Feedback } from '../domain/suppression.ts';
import { parseJson } from './parse-json.ts';

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

type Told = {
  readonly feedbackId: string;
  readonly timestamp: string;
  readonly recipients: z.infer<typeof Recipients>;
};

/** As `composeMessage` names it. */
const DELIVERY_HEADER = 'x-careflow-delivery';

/** Nothing for what is no notification of SES, or tells of nothing that matters here. */
export function readSesFeedback(message: string): Feedback[] {
  const { success, data } = SesNotification.safeParse(parseJson(message));
  if (!success) return [];
  const { type, mail, bounce, complaint } = data;
  const providerMessageId = mail.messageId;
  const complaintOf = (what: Complaint['what'], { feedbackId, timestamp, recipients }: Told): Complaint => {
    const addresses = addressesOf(recipients);
    return { what, channel: 'email', feedbackId, addresses, at: instantOf(timestamp) };
  };
  if (type === 'Bounce' && bounce) {
    const { bounceType, feedbackId, bouncedRecipients, timestamp } = bounce;
    const what = bounceType === 'Permanent' ? 'bounced' : 'bounced-for-now';
    return [complaintOf(what, { feedbackId, timestamp, recipients: bouncedRecipients })];
  }
  if (type === 'Complaint' && complaint) {
    const { feedbackId, complainedRecipients, timestamp } = complaint;
    return [complaintOf('complained', { feedbackId, timestamp, recipients: complainedRecipients })];
  }
  const deliveryId = mail.headers.find(({ name }) => name.toLowerCase() === DELIVERY_HEADER)?.value;
  const isTaken = (type === 'Send' || type === 'Delivery') && deliveryId !== undefined;
  return isTaken ? [{ what: 'taken', providerMessageId, deliveryId }] : [];
}

function addressesOf(recipients: z.infer<typeof Recipients>): string[] {
  return recipients.map(({ emailAddress }) => /<([^<>]+)>/.exec(emailAddress)?.[1] ?? emailAddress);
}

function instantOf(text: string): Temporal.Instant {
  return Temporal.Instant.from(text);
}
