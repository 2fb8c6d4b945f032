import type { Logger } from 'pino';

import type { Database, Queryable } from '../../shared/db/client.ts';
import {
  type AddressedDelivery,
  type Claim,
  holdDoubtful,
  type OpenDelivery,
  recordOutcome,
  withholdDelivery,
} from '../../shared/db/deliveries.ts';
import { hashOf, markSuppressed } from '../../shared/db/suppressed-addresses.ts';
import {
  awaitsWord,
  type Channel,
  type NotificationKind,
  type Recipient,
  unreachableBecause,
} from '../../shared/domain/notification.ts';
import { AppError } from '../../shared/errors.ts';
import { type Attempt, attempt } from '../../shared/notify/attempt.ts';
import type { RefusalReason } from '../../shared/notify/aws.ts';
import type { SendEmail } from '../../shared/notify/email.ts';
import { type News, type Reader, writeEmail, writePush, writeSms } from '../../shared/notify/message.ts';
import type { SendPush } from '../../shared/notify/push.ts';
import type { SendSms } from '../../shared/notify/sms.ts';
import type { EventContext } from '../../shared/runtime/function.ts';
import { giveUpAddress } from './give-up-address.ts';

export type Deps = {
  readonly db: Database;
  readonly patients: Queryable;
  readonly practitioners: Queryable;
  readonly laboratory: Queryable;
  readonly sendEmail: SendEmail;
  readonly sendSms: SendSms;
  readonly sendPush: SendPush;
  /** The mailbox that messages come from. */
  readonly emailFrom: string;
  /** Whether the providers tell what became of messages. */
  readonly hearsProviders: boolean;
  readonly now: () => Temporal.Instant;
};

export type Occasion = {
  readonly kind: NotificationKind;
  readonly recipients: readonly Recipient[];
  /** What is to be sent now. */
  readonly open: readonly OpenDelivery[];
  /** Claims a delivery whose news still holds; one whose news does not is withheld. */
  readonly claim: (delivery: AddressedDelivery) => Promise<ClaimedNews | undefined>;
};

export type ClaimedNews = { readonly claim: Claim; readonly news: News };

/**
 * Sends the open deliveries of a notice one after the other: claim, send, record. A crash between send and record repeats
 * that one message at most, and a text only where the provider does not tell that it was taken. All are tried before the
 * failure of one is thrown: `unavailable` brings the event back, `unprocessable` (a provider refused for good) sends it to the
 * dead letters.
 */
export async function deliverAll(deps: Deps, occasion: Occasion, context: EventContext): Promise<void> {
  if (occasion.open.length === 0) return;
  const recipients = await markSuppressed(deps.db, occasion.recipients);
  const attempts: Attempt[] = [];
  for (const delivery of occasion.open) {
    const done = await deliver(deps, { ...occasion, recipients }, delivery, context);
    if (done) attempts.push(done);
  }
  mustAllBeSent(attempts);
}

/** Whom of the recipients a delivery is for. */
export function recipientOf(recipients: readonly Recipient[], delivery: OpenDelivery): Recipient | undefined {
  return recipients.find(({ type, id }) => type === delivery.recipientType && id === delivery.recipientId);
}

async function deliver(
  deps: Deps,
  { kind, recipients, claim: claimNews }: Occasion,
  delivery: OpenDelivery,
  { log, traceparent }: EventContext,
): Promise<Attempt | undefined> {
  const { channel } = delivery;
  const recipient = recipientOf(recipients, delivery);
  const unreachable = unreachableBecause(recipient, kind, channel);
  if (unreachable) await withholdDelivery(deps.db, delivery, unreachable, deps.now());
  const address = recipient?.addresses[channel];
  if (unreachable || !recipient || address === undefined) return undefined;
  const waits = deps.hearsProviders && awaitsWord(kind, channel);
  const doubt = waits ? await holdDoubtful(deps.db, delivery, deps.now()) : undefined;
  if (doubt === 'refused') return { status: 'refused', errorCode: 'no-answer', error: undefined };
  if (doubt === 'held') return undefined;
  const claimed = await claimNews({ ...delivery, addressHash: hashOf(channel, address) });
  if (!claimed) return undefined;
  const { claim, news } = claimed;
  if (claim.mayRepeat) log.warn({ deliveryId: claim.id }, 'sending again what may have been sent before a crash');
  const outcome = await attempt(() => senders[channel](deps, news, { ...recipient, address }, delivery.id));
  await record(deps, claim, outcome, log);
  if (outcome.status === 'refused' && outcome.errorCode === GONE) {
    const now = deps.now();
    const gone = { channel, address, reason: 'bounced', at: now } as const;
    await deps.db.transaction((tx) => giveUpAddress(tx, deps.patients, gone, { now, traceparent }));
  }
  return outcome;
}

/** The app was removed from the device, or its endpoint from SNS: no later message arrives either. */
const GONE: RefusalReason = 'endpoint-disabled';

type Send = (deps: Deps, news: News, reader: Reader, idempotencyKey: string) => Promise<{ providerMessageId: string }>;

const senders: Readonly<Record<Channel, Send>> = {
  email: ({ sendEmail, emailFrom }, news, reader, idempotencyKey) =>
    sendEmail({ ...writeEmail(news, reader, emailFrom), idempotencyKey }),
  sms: ({ sendSms }, news, reader, idempotencyKey) => sendSms({ ...writeSms(news, reader), idempotencyKey }),
  push: ({ sendPush }, news, reader, idempotencyKey) => sendPush({ ...writePush(news, reader), idempotencyKey }),
};

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
