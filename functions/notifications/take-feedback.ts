import type { takeFeedback as contract } from '../../schemas/api/notifications.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { confirmSent, settleText } from '../../shared/db/deliveries.ts';
import { once } from '../../shared/db/inbox.ts';
import { findNotice } from '../../shared/db/notices.ts';
import { closeReminders } from '../../shared/db/reminders.ts';
import { notificationInbox } from '../../shared/db/schema/notification.ts';
import { countTransientBounce, hashOf } from '../../shared/db/suppressed-addresses.ts';
import {
  type Complaint,
  type Feedback,
  suppressedBecause,
  transientBouncesSince,
} from '../../shared/domain/suppression.ts';
import { readSesFeedback } from '../../shared/notify/ses-feedback.ts';
import { readTextStatuses } from '../../shared/notify/text-status.ts';
import {
  confirmSubscription,
  createSnsVerifier,
  readSnsMessage,
  type SnsTopic,
} from '../../shared/notify/sns-message.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { isReminder } from './claims.ts';
import type { Deps } from './deliver.ts';
import { giveUpAddress } from './give-up-address.ts';

const CONSUMER = 'feedback';

type FeedbackDeps = Pick<Deps, 'db' | 'patients' | 'now'> & { readonly topic: SnsTopic };

/**
 * `POST /{country}/notifications/feedback`: suppresses addresses that bounced for good or complained, and records what was
 * taken though its sender did not live to see it. The same message twice has one effect.
 */
export function takeFeedback({ db, patients, now, topic }: FeedbackDeps): Operation<typeof contract> {
  const mustBeGenuine = createSnsVerifier(topic);
  return async ({ received }, { traceparent, log }) => {
    const message = readSnsMessage(received.bytes);
    await mustBeGenuine(message, now());
    if (message.Type === 'SubscriptionConfirmation') await confirmSubscription(message, topic);
    const feedback = message.Type === 'Notification' ? readFeedback(message.Message) : [];
    if (feedback.length > 0) {
      const event = { source: message.TopicArn, id: message.MessageId };
      const context = { patients, now: now(), traceparent };
      await once(db, notificationInbox, CONSUMER, event, async (tx) => {
        for (const each of feedback) await apply(tx, each, context);
      });
    } else log.info({ messageType: message.Type }, 'a message of the feedback topic tells nothing of a message');
    return { body: undefined };
  };
}

/** SES tells of e-mails itself; what SNS logs of texts is handed on as it is. */
function readFeedback(message: string): Feedback[] {
  return [...readSesFeedback(message), ...readTextStatuses(message)];
}

type Context = { readonly patients: Queryable; readonly now: Temporal.Instant; readonly traceparent: string };

async function apply(tx: Queryable, feedback: Feedback, context: Context): Promise<void> {
  if (feedback.what === 'taken') return recordTaken(tx, feedback, context.now);
  if (feedback.what === 'text-taken') return recordText(tx, feedback);
  for (const address of feedback.addresses) await heed(tx, feedback, address, context);
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

async function recordTaken(
  tx: Queryable,
  { deliveryId, providerMessageId }: Extract<Feedback, { what: 'taken' }>,
  now: Temporal.Instant,
): Promise<void> {
  if (UUID.test(deliveryId)) await confirmSent(tx, deliveryId, providerMessageId, now);
}

async function recordText(
  tx: Queryable,
  { address, ...told }: Extract<Feedback, { what: 'text-taken' }>,
): Promise<void> {
  const noticeId = await settleText(tx, { ...told, addressHash: hashOf('sms', address) });
  const notice = noticeId === undefined ? undefined : await findNotice(tx, noticeId);
  if (notice && isReminder(notice)) await closeReminders(tx, notice.eventId);
}

async function heed(
  tx: Queryable,
  complaint: Complaint,
  address: string,
  { patients, now, traceparent }: Context,
): Promise<void> {
  const { what, channel, feedbackId, at } = complaint;
  const bounce = { channel, address, feedbackId, at } as const;
  const transient = what === 'bounced-for-now' ? await countTransientBounce(tx, bounce, transientBouncesSince(now)) : 0;
  const reason = suppressedBecause(what, transient);
  if (reason) await giveUpAddress(tx, patients, { channel, address, reason, at }, { now, traceparent });
}
