import { gunzipSync } from 'node:zlib';

import * as z from 'zod';

import type { Feedback } from '../domain/suppression.ts';
import { parseJson } from './parse-json.ts';

/** What CloudWatch Logs hands to the subscriber of a log group, in base64 of gzip. */
const LogEvents = z.object({ logEvents: z.array(z.object({ message: z.string() })).max(10_000) });

/** What SNS writes of a text to one phone (SNS developer guide, "Viewing CloudWatch Logs"); the time is UTC. */
const TextStatus = z.object({
  notification: z.object({
    messageId: z.string().min(1).max(200),
    timestamp: z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,9})?$/),
  }),
  delivery: z.object({
    destination: z.string().regex(/^\+[1-9]\d{6,14}$/),
    providerResponse: z.string().default(''),
  }),
  status: z.enum(['SUCCESS', 'FAILURE']),
});
type TextStatus = z.infer<typeof TextStatus>;

/** What says of the phone, not of the hour, that no later text arrives either. */
const NEVER_REACHED = new Set([
  'Invalid phone number',
  'Phone has blocked SMS',
  'Phone is on a blocked list',
  'Phone number is opted out',
]);

/** More than an SNS message of 256 KiB holds in ten thousand lines, and less than would hurt. */
const MOST_BYTES = 16 * 1024 * 1024;

/** What the delivery status log of SNS tells of texts; nothing of what is no part of it. */
export function readTextStatuses(message: string): Feedback[] {
  const { success, data } = LogEvents.safeParse(parseJson(unpack(message)));
  return success ? data.logEvents.flatMap((event) => feedbackOf(event.message)) : [];
}

function feedbackOf(line: string): Feedback[] {
  const { success, data } = TextStatus.safeParse(parseJson(line));
  if (!success) return [];
  const { messageId: providerMessageId, timestamp } = data.notification;
  const at = instantOf(timestamp);
  if (!at) return [];
  const { destination: address } = data.delivery;
  const taken = { what: 'text-taken', providerMessageId, address, at } as const;
  if (!isNeverReached(data)) return [taken];
  const bounce = { what: 'bounced', channel: 'sms', feedbackId: providerMessageId, addresses: [address] } as const;
  return [taken, { ...bounce, at }];
}

function isNeverReached({ status, delivery }: TextStatus): boolean {
  return status === 'FAILURE' && NEVER_REACHED.has(delivery.providerResponse);
}

function instantOf(timestamp: string): Temporal.Instant | undefined {
  try {
    return Temporal.Instant.from(`${timestamp.replace(' ', 'T')}Z`);
  } catch {
    return undefined;
  }
}

function unpack(message: string): string {
  try {
    return gunzipSync(Buffer.from(message, 'base64'), { maxOutputLength: MOST_BYTES }).toString();
  } catch {
    return '';
  }
}
