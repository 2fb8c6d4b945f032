import type { Database } from '../../shared/db/client.ts';
import { forgetAcknowledgements } from '../../shared/db/deliveries.ts';
import { forgetAnswers } from '../../shared/db/idempotency-keys.ts';
import { forgetProcessed } from '../../shared/db/inbox.ts';
import { forgetKnownBookings } from '../../shared/db/known-bookings.ts';
import { forgetNotices } from '../../shared/db/notices.ts';
import type { AppendEvents } from '../../shared/db/outbox-relay.ts';
import { forgetSent } from '../../shared/db/outbox.ts';
import { bookingOutbox } from '../../shared/db/schema/booking.ts';
import { cronOutbox } from '../../shared/db/schema/cron.ts';
import type { InboxTable } from '../../shared/db/schema/inbox.ts';
import { notificationInbox, notificationOutbox } from '../../shared/db/schema/notification.ts';
import type { OutboxTable } from '../../shared/db/schema/outbox.ts';
import { practitionerInbox, practitionerOutbox } from '../../shared/db/schema/practitioner.ts';
import { forgetTransientBounces } from '../../shared/db/suppressed-addresses.ts';
import { checkHealth, type HealthChecks } from './check-health.ts';
import { cleanUp, type Forget } from './clean-up.ts';
import { expireHolds } from './expire-holds.ts';
import { releaseNotices } from './release-notices.ts';
import { sweepOutbox } from './sweep-outbox.ts';
import type { Lane } from './task.ts';
import { triggerReminders } from './trigger-reminders.ts';

/** The contexts whose recurring work is done here. */
export type Contexts = {
  readonly booking: Database;
  readonly practitioner: Database;
  readonly notification: Database;
  readonly cron: Database;
};

const SENT_EVENTS_KEPT = { hours: 7 * 24 };
/**
 * None comes again after that: a topic keeps an event for 30 days, the dead letter that it may become is kept for 90, and
 * once put back it is in its topic for 30 more.
 */
const EVENTS_COME_AGAIN = { hours: (30 + 90 + 30) * 24 };
const ANSWERS_KEPT = { hours: 24 };
const HEALTH_TIMEOUT_MS = 3_000;

/**
 * A lane a context, so that a context whose database is away holds up no other. State changes come before the sweep,
 * which publishes what they tell.
 */
export function lanesOf(contexts: Contexts, append: AppendEvents, checks: HealthChecks): Lane[] {
  const { booking, practitioner, notification, cron } = contexts;
  return [
    [
      expireHolds(booking),
      sweepOutbox('booking', booking, bookingOutbox, append),
      cleanUp('booking', [forgetOutbox(booking, bookingOutbox), forgetKeys(booking)]),
    ],
    [
      triggerReminders(notification),
      releaseNotices(notification),
      sweepOutbox('notification', notification, notificationOutbox, append),
      cleanUp('notification', [forgetOutbox(notification, notificationOutbox), ...forgetNotifications(notification)]),
    ],
    [
      sweepOutbox('practitioner', practitioner, practitionerOutbox, append),
      cleanUp('practitioner', [
        forgetOutbox(practitioner, practitionerOutbox),
        forgetInbox(practitioner, practitionerInbox),
      ]),
    ],
    [
      checkHealth(cron, checks, HEALTH_TIMEOUT_MS),
      sweepOutbox('cron', cron, cronOutbox, append),
      cleanUp('cron', [forgetOutbox(cron, cronOutbox)]),
    ],
  ];
}

function forgetOutbox(db: Database, outbox: OutboxTable): Forget {
  return (now) => forgetSent(db, outbox, now.subtract(SENT_EVENTS_KEPT));
}

function forgetInbox(db: Database, inbox: InboxTable): Forget {
  return (now) => forgetProcessed(db, inbox, now.subtract(EVENTS_COME_AGAIN));
}

/**
 * Notices before the inbox: an event is claimed in the transaction that plans them, and must not be planned anew
 * while they are there. A booking is known until no older news of it can come.
 */
function forgetNotifications(db: Database): Forget[] {
  return [
    (now) => forgetNotices(db, now.subtract(EVENTS_COME_AGAIN)),
    (now) => forgetAcknowledgements(db, now.subtract(EVENTS_COME_AGAIN)),
    (now) => forgetTransientBounces(db, now.subtract(EVENTS_COME_AGAIN)),
    forgetInbox(db, notificationInbox),
    (now) => forgetKnownBookings(db, now.subtract(EVENTS_COME_AGAIN)),
  ];
}

function forgetKeys(db: Database): Forget {
  return (now) => forgetAnswers(db, now.subtract(ANSWERS_KEPT));
}
