import type { Logger } from 'pino';

import type { Database, Queryable } from '../../shared/db/client.ts';
import {
  type Claim,
  type EventKey,
  listOpenDeliveries,
  type OpenDelivery,
  recordOutcome,
  withholdDelivery,
} from '../../shared/db/deliveries.ts';
import { markSuppressed } from '../../shared/db/suppressed-addresses.ts';
import { type Recipient, unreachableBecause } from '../../shared/domain/notification.ts';
import { AppError } from '../../shared/errors.ts';
import { type Attempt, attempt } from '../../shared/notify/attempt.ts';
import type { SendEmail } from '../../shared/notify/email.ts';
import { type News, type Reader, writeEmail, writeSms } from '../../shared/notify/message.ts';
import type { SendSms } from '../../shared/notify/sms.ts';

/** The inbox's name for what this function makes of events. */
export const CONSUMER = 'notifications';

export type Deps = {
  readonly db: Database;
  readonly patients: Queryable;
  readonly practitioners: Queryable;
  readonly sendEmail: SendEmail;
  readonly sendSms: SendSms;
  /** The mailbox that messages come from. */
  readonly emailFrom: string;
  readonly now: () => Temporal.Instant;
};

export type Occasion = {
  readonly event: EventKey;
  readonly recipients: readonly Recipient[];
  /** What the first arrival of the event has just planned; absent when it comes again. */
  readonly planned: readonly OpenDelivery[] | undefined;
  /** Claims a delivery whose news still holds; one whose news does not is withheld. */
  readonly claim: (delivery: OpenDelivery) => Promise<ClaimedNews | undefined>;
};

export type ClaimedNews = { readonly claim: Claim; readonly news: News };

/**
 * Sends an event's open deliveries one after the other: claim, send, record. A crash between send and record repeats
 * that one message at most. All are tried before the failure of one is thrown: `unavailable` brings the event back,
 * `unprocessable` (a provider refused for good) sends it to the dead letters.
 */
export async function deliverAll(deps: Deps, occasion: Occasion, log: Logger): Promise<void> {
  const { event, planned = await listOpenDeliveries(deps.db, event) } = occasion;
  if (planned.length === 0) return;
  const recipients = await markSuppressed(deps.db, occasion.recipients);
  const attempts: Attempt[] = [];
  for (const delivery of planned) {
    const done = await deliver(deps, { ...occasion, recipients }, delivery, log);
    if (done) attempts.push(done);
  }
  mustAllBeSent(attempts);
}

async function deliver(
  deps: Deps,
  { recipients, claim: claimNews }: Occasion,
  delivery: OpenDelivery,
  log: Logger,
): Promise<Attempt | undefined> {
  const { channel, kind } = delivery;
  const recipient = recipients.find(({ type, id }) => type === delivery.recipientType && id === delivery.recipientId);
  const unreachable = unreachableBecause(recipient, kind, channel);
  if (unreachable) await withholdDelivery(deps.db, delivery, unreachable, deps.now());
  const address = recipient?.addresses[channel];
  if (unreachable || !recipient || address === undefined) return undefined;
  const claimed = await claimNews(delivery);
  if (!claimed) return undefined;
  const { claim, news } = claimed;
  if (claim.mayRepeat) log.warn({ deliveryId: claim.id }, 'sending again what may have been sent before a crash');
  const outcome = await attempt(() => send(deps, delivery, news, { ...recipient, address }));
  await record(deps, claim, outcome, log);
  return outcome;
}

function send(
  { sendEmail, sendSms, emailFrom }: Deps,
  { id: idempotencyKey, channel }: OpenDelivery,
  news: News,
  reader: Reader,
): Promise<{ providerMessageId: string }> {
  return channel === 'email'
    ? sendEmail({ ...writeEmail(news, reader, emailFrom), idempotencyKey })
    : sendSms({ ...writeSms(news, reader), idempotencyKey });
}

async function record({ db, now }: Deps, claim: Claim, outcome: Attempt, log: Logger): Promise<void> {
  if (outcome.status === 'sent') return recordOutcome(db, claim, outcome, now());
  const { status, errorCode, error } = outcome;
  log.warn({ deliveryId: claim.id, status, err: error }, 'a message was not taken');
  return recordOutcome(db, claim, { status, errorCode }, now());
}

function mustAllBeSent(attempts: readonly Attempt[]): void {
  const failed = attempts.find(({ status }) => status === 'failed');
  if (failed && 'error' in failed) throw failed.errorCode === 'unexpected' ? failed.error : unavailable(failed.error);
  const refused = attempts.filter(({ status }) => status === 'refused').length;
  if (refused > 0) throw new AppError('unprocessable', 'A provider refused a message for good.', { refused });
}

function unavailable(cause: unknown): AppError {
  return new AppError('unavailable', 'A provider did not take a message.', {}, { cause });
}
