import { createVerify, X509Certificate } from 'node:crypto';

import * as z from 'zod';

import { AppError } from '../errors.ts';
import { parseJson } from './parse-json.ts';

const common = {
  MessageId: z.string().min(1).max(200),
  TopicArn: z.string().min(1).max(300),
  Message: z.string(),
  Timestamp: z.iso.datetime(),
  SignatureVersion: z.enum(['1', '2']),
  Signature: z.base64(),
  SigningCertURL: z.url(),
};

/** What SNS posts to an HTTP endpoint (SNS developer guide, "Parsing Amazon SNS message formats"). It may add members. */
const SnsMessage = z.discriminatedUnion('Type', [
  z.object({ ...common, Type: z.literal('Notification'), Subject: z.string().nullish() }),
  z.object({ ...common, Type: z.literal('SubscriptionConfirmation'), Token: z.string(), SubscribeURL: z.url() }),
  z.object({ ...common, Type: z.literal('UnsubscribeConfirmation'), Token: z.string(), SubscribeURL: z.url() }),
]);
export type SnsMessage = z.infer<typeof SnsMessage>;

export type SnsTopic = {
  /** Messages of any other topic are refused: everybody can have one, and its messages are signed as well. */
  readonly topicArn: string | undefined;
  /** Plays SNS in place of Amazon, such as the local mailbox. */
  readonly endpoint?: string | undefined;
};

/** Fetches what a URL shows; throws where it cannot. */
export type FetchText = (url: URL) => Promise<string>;

/** SNS tries to deliver a message for less than that; an older one is a replay. */
const OLDEST = { hours: 1 };
const CLOCK_SKEW = { minutes: 5 };
const MOST_CERTIFICATES = 16;

/** Throws `invalid-input`. */
export function readSnsMessage(body: Buffer): SnsMessage {
  const read = SnsMessage.safeParse(parseJson(body.toString()));
  if (read.success) return read.data;
  throw new AppError('invalid-input', 'This is no message of SNS.');
}

/**
 * Makes sure that a message is of our topic, recent, and signed by whoever owns a certificate of Amazon's. Throws `forbidden`,
 * or `unavailable` while the certificate cannot be had.
 */
export function createSnsVerifier(
  { topicArn, endpoint }: SnsTopic,
  fetchText: FetchText = fetchTextOf,
): (message: SnsMessage, now: Temporal.Instant) => Promise<void> {
  const certificates = new Map<string, X509Certificate>();
  return async (message, now) => {
    if (topicArn === undefined || message.TopicArn !== topicArn) throw refused('The message is of another topic.');
    mustBeRecent(message, now);
    const url = ownUrl(message.SigningCertURL, endpoint);
    const certificate = certificates.get(url.href) ?? (await fetchCertificate(url, fetchText));
    if (certificates.size >= MOST_CERTIFICATES) certificates.clear();
    certificates.set(url.href, certificate);
    if (!isSigned(message, certificate)) throw refused('The signature does not match.');
  };
}

/** Asks SNS to deliver the messages of the topic from now on. */
export async function confirmSubscription(
  { SubscribeURL }: Extract<SnsMessage, { Type: 'SubscriptionConfirmation' }>,
  { endpoint }: SnsTopic,
  fetchText: FetchText = fetchTextOf,
): Promise<void> {
  await fetchText(ownUrl(SubscribeURL, endpoint));
}

/** What is signed: names and values of these members, in alphabetical order, a line each. */
export function signedText(message: SnsMessage): string {
  const { Message, MessageId, Timestamp, TopicArn, Type } = message;
  const members =
    message.Type === 'Notification'
      ? { Message, MessageId, Subject: message.Subject, Timestamp, TopicArn, Type }
      : { Message, MessageId, SubscribeURL: message.SubscribeURL, Timestamp, Token: message.Token, TopicArn, Type };
  const lines = Object.entries(members).filter(([, value]) => typeof value === 'string');
  return lines.map(([name, value]) => `${name}\n${value}\n`).join('');
}

function isSigned(message: SnsMessage, { publicKey }: X509Certificate): boolean {
  const verify = createVerify(message.SignatureVersion === '1' ? 'RSA-SHA1' : 'RSA-SHA256');
  return verify.update(signedText(message)).verify(publicKey, message.Signature, 'base64');
}

function mustBeRecent({ Timestamp }: SnsMessage, now: Temporal.Instant): void {
  const at = Temporal.Instant.from(Timestamp);
  const isOld = Temporal.Instant.compare(at, now.subtract(OLDEST)) < 0;
  const isAhead = Temporal.Instant.compare(at, now.add(CLOCK_SKEW)) > 0;
  if (isOld || isAhead) throw refused('The message is not of this hour.');
}

const AMAZON = /^sns\.[a-z\d-]{3,40}\.amazonaws\.com(\.cn)?$/;

/** A certificate, or a confirmation, is asked of SNS itself and of nobody else whom a message names. */
function ownUrl(text: string, endpoint: string | undefined): URL {
  const url = new URL(text);
  const isAmazon = url.protocol === 'https:' && AMAZON.test(url.hostname) && url.port === '' && url.username === '';
  const isEndpoint = endpoint !== undefined && url.origin === new URL(endpoint).origin;
  if (isAmazon || isEndpoint) return url;
  throw refused('The message names a host that is not of SNS.');
}

async function fetchCertificate(url: URL, fetchText: FetchText): Promise<X509Certificate> {
  const pem = await fetchText(url);
  try {
    return new X509Certificate(pem);
  } catch {
    throw refused('The message names no certificate.');
  }
}

async function fetchTextOf(url: URL): Promise<string> {
  try {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(5_000) });
    if (response.ok) return await response.text();
    await response.body?.cancel();
  } catch {
    // Told below: what went wrong in between is nobody's to see.
  }
  throw new AppError('unavailable', 'SNS does not answer.', { dependency: 'sns' });
}

function refused(message: string): AppError {
  return new AppError('forbidden', message);
}
