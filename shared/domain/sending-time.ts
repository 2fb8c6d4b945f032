import { type Channel, isUnasked, mayDisturb, type NotificationKind, type Recipient } from './notification.ts';
import { quietSpanAt } from './quiet-hours.ts';

export type Sending = {
  readonly kind: NotificationKind;
  readonly channel: Channel;
  /** When it would go if there were no quiet hours. */
  readonly dueAt: Temporal.Instant;
  /** Later than this it is of no use; absent where it keeps. */
  readonly deadline?: Temporal.Instant | undefined;
};

/** News of a visit is of use so long before it. */
const VISIT_NOTICE_HOURS = 2;

/** A panel's results trickle in: those that follow within so many minutes are told of by the first one's notice. */
const NOTICE_WINDOW_MINUTES = 5;

/**
 * When a message goes out. In the recipient's quiet hours it waits for their end, unless
 * - they agreed to be disturbed by it;
 * - it is an e-mail that answers what somebody has just done: it makes no call, and whoever has booked or ordered late
 *   in the evening looks for it. SMS and push sound, and results and reminders can be read in the morning: these wait;
 * - their end is past its deadline.
 */
export function sendingTime(recipient: Recipient, { kind, channel, dueAt, deadline }: Sending): Temporal.Instant {
  const { quietHours } = recipient;
  const span = quietHours && quietSpanAt(quietHours, dueAt);
  if (!span || mayDisturb(recipient, kind, channel)) return dueAt;
  if (channel === 'email' && !isUnasked(kind)) return dueAt;
  const isTooLate = deadline !== undefined && Temporal.Instant.compare(span.end, deadline) >= 0;
  return isTooLate ? dueAt : span.end;
}

/** Until when news of a visit may wait. */
export function visitDeadline(slotStart: Temporal.Instant): Temporal.Instant {
  return slotStart.subtract({ hours: VISIT_NOTICE_HOURS });
}

/** When a notice that began at `at` has gathered all that it tells of. */
export function gatheredAt(at: Temporal.Instant): Temporal.Instant {
  return at.add({ minutes: NOTICE_WINDOW_MINUTES });
}
