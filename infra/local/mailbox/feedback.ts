import { randomUUID, sign } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import { signedText, type SnsMessage } from '../../../shared/notify/sns-message.ts';
import type { SentMessage } from './sent-messages.ts';
import { createSigner } from './signer.ts';

export type FeedbackOptions = {
  /** Where the topic's messages are posted. */
  readonly url: string;
  readonly topicArn: string;
};

/** What becomes of a message after it was taken. */
export type Fate = 'delivered' | 'bounced' | 'bounced-for-now' | 'complained';

export type FeedbackTopic = {
  /** In PEM, for whoever checks a message. */
  readonly certificate: string;
  /** Tells of a message in the background, again while nobody takes it, as SNS does. */
  tell(message: SentMessage, fate: Fate): void;
  /** Gives up what nobody has taken. */
  close(): void;
};

/** Below the mailbox's own address: where its certificate is, and where a subscription is confirmed. */
export const CERTIFICATE_PATH = '/mailbox/certificate.pem';
export const CONFIRMATION_PATH = '/mailbox/subscription';

/** SNS tries for about an hour at a growing distance; a machine comes back sooner. */
const MOST_ATTEMPTS = 40;
const FIRST_DELAY_MS = 100;
const MOST_DELAY_MS = 2_000;

/** Plays the SNS topic that SES publishes to, and that what SNS logs of texts is handed on to. `ownUrl` is asked when it is first needed. */
export function openFeedbackTopic({ url, topicArn }: FeedbackOptions, ownUrl: () => string): FeedbackTopic {
  const { privateKey, certificate } = createSigner(Temporal.Now.instant());
  const closing = new AbortController();
  let subscribed: Promise<void> | undefined;

  const envelope = () => ({
    MessageId: randomUUID(),
    TopicArn: topicArn,
    Timestamp: timestamp(),
    SignatureVersion: '2' as const,
    Signature: '',
    SigningCertURL: new URL(CERTIFICATE_PATH, ownUrl()).href,
  });

  async function post(unsigned: SnsMessage): Promise<void> {
    const Signature = sign('RSA-SHA256', Buffer.from(signedText(unsigned)), privateKey).toString('base64');
    const body = JSON.stringify({ ...unsigned, Signature });
    const headers = { 'content-type': 'text/plain; charset=UTF-8', 'x-amz-sns-message-type': unsigned.Type };
    const request = { method: 'POST', headers, body, signal: closing.signal };
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
      const response = await fetch(url, request).catch(() => undefined);
      await response?.body?.cancel();
      if (response && response.status < 500 && response.status !== 429) return;
      await delay(Math.min(FIRST_DELAY_MS * 2 ** attempt, MOST_DELAY_MS), undefined, { signal: closing.signal });
    }
  }

  const subscribe = () =>
    post({
      ...envelope(),
      Type: 'SubscriptionConfirmation',
      Message: 'Confirm the subscription by visiting the SubscribeURL.',
      Token: randomUUID(),
      SubscribeURL: new URL(CONFIRMATION_PATH, ownUrl()).href,
    });

  return {
    certificate,
    tell(message, fate) {
      const told = (subscribed ??= subscribe()).then(() =>
        post({ ...envelope(), Type: 'Notification', Message: messageOf(message, fate) }),
      );
      // Who closes the mailbox waits for nobody; what nobody takes is given up.
      told.catch(() => undefined);
    },
    close: () => closing.abort(),
  };
}

function messageOf(message: SentMessage, fate: Fate): string {
  return message.channel === 'sms' ? logEventsOf(message, fate) : JSON.stringify(notificationOf(message, fate));
}

/** As CloudWatch Logs hands what SNS writes of a text to the subscriber of its log group. */
function logEventsOf({ id: messageId, to: destination, sentAt }: SentMessage, fate: Fate): string {
  const [status, providerResponse] =
    fate === 'bounced' ? ['FAILURE', 'Invalid phone number'] : ['SUCCESS', 'Message has been accepted by phone'];
  const notification = { messageId, timestamp: sentAt.replace('T', ' ').replace('Z', '') };
  const line = JSON.stringify({ notification, delivery: { destination, providerResponse }, status });
  const logEvents = [{ id: randomUUID(), timestamp: Date.parse(sentAt), message: line }];
  const logGroup = `sns/local/000000000000/DirectPublishToPhoneNumber${fate === 'bounced' ? '/Failure' : ''}`;
  return gzipSync(JSON.stringify({ messageType: 'DATA_MESSAGE', logGroup, logEvents })).toString('base64');
}

/** As SES words it, with the headers of the message. */
function notificationOf({ id: messageId, to, idempotencyKey }: SentMessage, fate: Fate): object {
  const headers = idempotencyKey === undefined ? [] : [{ name: 'X-Careflow-Delivery', value: idempotencyKey }];
  const mail = { messageId, timestamp: timestamp(), destination: [to], headers };
  const about = { feedbackId: randomUUID(), timestamp: timestamp() };
  const recipients = [{ emailAddress: to }];
  if (fate === 'delivered') return { notificationType: 'Delivery', mail, delivery: { recipients: [to] } };
  if (fate === 'complained') {
    return { notificationType: 'Complaint', mail, complaint: { ...about, complainedRecipients: recipients } };
  }
  const bounceType = fate === 'bounced' ? 'Permanent' : 'Transient';
  const bounce = { ...about, bounceType, bounceSubType: 'General', bouncedRecipients: recipients };
  return { notificationType: 'Bounce', mail, bounce };
}

function timestamp(): string {
  return Temporal.Now.instant().toString({ smallestUnit: 'millisecond' });
}
