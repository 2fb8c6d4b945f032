import type { Database, Queryable } from '../../shared/db/client.ts';
import { listOpenDeliveries } from '../../shared/db/deliveries.ts';
import { once } from '../../shared/db/inbox.ts';
import { type EventKey, findNoticeOf, type NewDelivery, type PlannedNotice } from '../../shared/db/notices.ts';
import { notificationInbox } from '../../shared/db/schema/notification.ts';
import { channelsTo, type Recipient, unreachableBecause } from '../../shared/domain/notification.ts';
import { type Sending, sendingTime } from '../../shared/domain/sending-time.ts';

/** The inbox's name for what this function makes of events. */
export const CONSUMER = 'notifications';

/** Plans an event's notice the first time it arrives; afterwards finds what was planned and is not done. */
export async function planOnce(
  db: Database,
  event: EventKey,
  plan: (tx: Queryable) => Promise<PlannedNotice | undefined>,
): Promise<PlannedNotice | undefined> {
  const planned = await once(db, notificationInbox, CONSUMER, event, plan);
  if (planned) return planned;
  const notice = await findNoticeOf(db, event);
  return notice && { noticeId: notice.id, open: await listOpenDeliveries(db, notice.id) };
}

/** Every way to the recipients. Held are those whose time has not come. */
export function waysTo(
  recipients: readonly Recipient[],
  sending: Omit<Sending, 'channel'>,
  now: Temporal.Instant,
): NewDelivery[] {
  return recipients.flatMap((recipient) =>
    channelsTo(recipient).map((channel) => {
      const dueAt = sendingTime(recipient, { ...sending, channel });
      const isReachable = unreachableBecause(recipient, sending.kind, channel) === undefined;
      const held = isReachable && Temporal.Instant.compare(dueAt, now) > 0;
      return { type: recipient.type, id: recipient.id, channel, dueAt, held };
    }),
  );
}
