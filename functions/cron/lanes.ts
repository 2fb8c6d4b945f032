import type { Database } from '../../shared/db/client.ts';
import { forgetGrants } from '../../shared/db/device-grants.ts';
import { forgetChallenges, forgetProofs } from '../../shared/db/device-proofs.ts';
import { forgetAcknowledgements } from '../../shared/db/deliveries.ts';
import { forgetErased, forgetToldOfErased } from '../../shared/db/erased-patients.ts';
import { forgetRetained } from '../../shared/db/erasures.ts';
import { expireExports } from '../../shared/db/exports.ts';
import { forgetAnswers, savedAnswers } from '../../shared/db/idempotency-keys.ts';
import { forgetProcessed } from '../../shared/db/inbox.ts';
import { forgetJobRuns } from '../../shared/db/job-runs.ts';
import { forgetKnownBookings } from '../../shared/db/known-bookings.ts';
import { forgetClaims, forgetMessageKeys } from '../../shared/db/lab-messages.ts';
import { forgetDecided, forgetWaiting } from '../../shared/db/lab-quarantine.ts';
import { forgetNotices } from '../../shared/db/notices.ts';
import type { AppendEvents } from '../../shared/db/outbox-relay.ts';
import { forgetSent } from '../../shared/db/outbox.ts';
import { forgetSessions } from '../../shared/db/sessions.ts';
import { patientIdempotencyKeys, patientInbox, patientOutbox } from '../../shared/db/schema/account.ts';
import { bookingOutbox } from '../../shared/db/schema/booking.ts';
import { cronOutbox } from '../../shared/db/schema/cron.ts';
import { homekitIdempotencyKeys, homekitInbox, homekitOutbox } from '../../shared/db/schema/homekit.ts';
import type { InboxTable } from '../../shared/db/schema/inbox.ts';
import { laboratoryIdempotencyKeys, laboratoryInbox, laboratoryOutbox } from '../../shared/db/schema/laboratory.ts';
import { notificationInbox, notificationOutbox } from '../../shared/db/schema/notification.ts';
import type { OutboxTable } from '../../shared/db/schema/outbox.ts';
import { practitionerInbox, practitionerOutbox } from '../../shared/db/schema/practitioner.ts';
import { workerIdempotencyKeys, workerOutbox } from '../../shared/db/schema/worker.ts';
import { forgetTransientBounces } from '../../shared/db/suppressed-addresses.ts';
import { checkHealth, type HealthChecks } from './check-health.ts';
import { cleanUp, type Forget } from './clean-up.ts';
import { escalateCriticalResults } from './escalate-critical-results.ts';
import { expireHolds } from './expire-holds.ts';
import { maintainPartitions } from './maintain-partitions.ts';
import { rejectUnprovenDevices } from './reject-unproven-devices.ts';
import { releaseNotices } from './release-notices.ts';
import { releaseResults } from './release-results.ts';
import { replayMappedCodes } from './replay-mapped-codes.ts';
import { requestErasures } from './request-erasures.ts';
import { requestResultSynchronisation, requestSynchronisation } from './request-synchronisation.ts';
import { sweepOutbox } from './sweep-outbox.ts';
import { type Lane, withShare } from './task.ts';
import { triggerReminders } from './trigger-reminders.ts';

/** The contexts whose recurring work is done here. */
export type Contexts = {
  readonly booking: Database;
  readonly practitioner: Database;
  readonly notification: Database;
  readonly laboratory: Database;
  readonly homekit: Database;
  readonly patient: Database;
  readonly worker: Database;
  readonly cron: Database;
};

const SENT_EVENTS_KEPT = { hours: 7 * 24 };
/**
 * None comes again after that: a topic keeps an event for 30 days, the dead letter that it may become is kept for 90, and
 * once put back it is in its topic for 30 more.
 */
const EVENTS_COME_AGAIN = { hours: (30 + 90 + 30) * 24 };
const ANSWERS_KEPT = { hours: 24 };
/**
 * A session that is over is known for as long as a provider may go on giving out tokens of it, or it would begin anew: that is
 * how long a sign-in lasts there, at the most.
 */
const SESSIONS_KEPT = { hours: 30 * 24 };
const HEALTH_TIMEOUT_MS = 3_000;
/** Of the 40 s of a tick, what a change of state may take at the most where two come before a sweep. */
const SHARE_MS = 12_000;

/**
 * A lane a context, so that a context whose database is away holds up no other. State changes come before the sweep,
 * which publishes what they tell, and leave it time. Critical results have a lane of their own: whatever else the
 * laboratory has to do, they do not wait for it.
 */
export function lanesOf(contexts: Contexts, append: AppendEvents, checks: HealthChecks): Lane[] {
  const { booking, practitioner, notification, laboratory, homekit, patient, worker, cron } = contexts;
  return [
    [
      withShare(SHARE_MS, expireHolds(booking)),
      sweepOutbox('booking', booking, bookingOutbox, append),
      cleanUp('booking', [forgetOutbox(booking, bookingOutbox), forgetKeys(booking)]),
    ],
    [
      withShare(SHARE_MS, triggerReminders(notification)),
      withShare(SHARE_MS, releaseNotices(notification)),
      sweepOutbox('notification', notification, notificationOutbox, append),
      cleanUp('notification', [forgetOutbox(notification, notificationOutbox), ...forgetNotifications(notification)]),
    ],
    [
      requestSynchronisation(cron, practitioner),
      sweepOutbox('practitioner', practitioner, practitionerOutbox, append),
      cleanUp('practitioner', [
        forgetOutbox(practitioner, practitionerOutbox),
        forgetInbox(practitioner, practitionerInbox),
      ]),
    ],
    [escalateCriticalResults(laboratory), sweepOutbox('laboratory', laboratory, laboratoryOutbox, append)],
    [
      requestResultSynchronisation(cron, laboratory),
      withShare(SHARE_MS, releaseResults(laboratory)),
      withShare(SHARE_MS, replayMappedCodes(laboratory)),
      sweepOutbox('laboratory-releases', laboratory, laboratoryOutbox, append),
      cleanUp('laboratory', forgetLaboratory(laboratory)),
    ],
    [
      withShare(SHARE_MS, rejectUnprovenDevices(homekit)),
      sweepOutbox('homekit', homekit, homekitOutbox, append),
      cleanUp('homekit', forgetDevices(homekit)),
    ],
    [sweepOutbox('patient', patient, patientOutbox, append), cleanUp('patient', forgetCustomers(patient))],
    [
      requestErasures(worker),
      sweepOutbox('worker', worker, workerOutbox, append),
      cleanUp('worker', forgetWork(worker)),
    ],
    [
      checkHealth(cron, checks, HEALTH_TIMEOUT_MS),
      sweepOutbox('cron', cron, cronOutbox, append),
      cleanUp('cron', [forgetOutbox(cron, cronOutbox)]),
    ],
    ...Object.entries({ booking, practitioner, notification, laboratory, homekit, patient, worker, cron }).map(
      ([name, db]) => [maintainPartitions(cron, name, db)],
    ),
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
    () => forgetToldOfErased(db),
    (now) => forgetAcknowledgements(db, now.subtract(EVENTS_COME_AGAIN)),
    (now) => forgetTransientBounces(db, now.subtract(EVENTS_COME_AGAIN)),
    forgetInbox(db, notificationInbox),
    (now) => forgetKnownBookings(db, now.subtract(EVENTS_COME_AGAIN)),
    (now) => forgetErased(db, now.subtract(EVENTS_COME_AGAIN)),
  ];
}

/**
 * A number is a sender's for a year; what was decided on is kept for a month. A key is kept no longer than any record that it
 * opens, so a message that waits does not either: what nobody wants to decide on has an end too.
 */
function forgetLaboratory(db: Database): Forget[] {
  const answers = savedAnswers(laboratoryIdempotencyKeys);
  return [
    forgetOutbox(db, laboratoryOutbox),
    forgetInbox(db, laboratoryInbox),
    (now) => answers.forget(db, now.subtract(ANSWERS_KEPT)),
    (now) => forgetClaims(db, now.subtract({ hours: 366 * 24 })),
    (now) => forgetDecided(db, now.subtract({ hours: 30 * 24 })),
    (now) => forgetWaiting(db, now.subtract(EVENTS_COME_AGAIN)),
    (now) => forgetMessageKeys(db, now.subtract(EVENTS_COME_AGAIN)),
  ];
}

/** A nonce is over within minutes; why a proof failed, and who had the use of a device, is of interest for a month. */
function forgetDevices(db: Database): Forget[] {
  const answers = savedAnswers(homekitIdempotencyKeys);
  return [
    forgetOutbox(db, homekitOutbox),
    forgetInbox(db, homekitInbox),
    (now) => answers.forget(db, now.subtract(ANSWERS_KEPT)),
    (now) => forgetChallenges(db, now.subtract({ hours: 24 })),
    (now) => forgetProofs(db, now.subtract({ hours: 30 * 24 })),
    (now) => forgetGrants(db, now.subtract({ hours: 30 * 24 })),
  ];
}

function forgetCustomers(db: Database): Forget[] {
  const answers = savedAnswers(patientIdempotencyKeys);
  return [
    forgetOutbox(db, patientOutbox),
    forgetInbox(db, patientInbox),
    (now) => answers.forget(db, now.subtract(ANSWERS_KEPT)),
    (now) => forgetSessions(db, now.subtract(SESSIONS_KEPT)),
  ];
}

/** A job is known for as long as its event may come again; an archive and what law keeps, until their day. */
function forgetWork(db: Database): Forget[] {
  const answers = savedAnswers(workerIdempotencyKeys);
  return [
    forgetOutbox(db, workerOutbox),
    (now) => expireExports(db, now),
    (now) => forgetRetained(db, now),
    (now) => forgetJobRuns(db, now.subtract(EVENTS_COME_AGAIN)),
    (now) => answers.forget(db, now.subtract(ANSWERS_KEPT)),
  ];
}

function forgetKeys(db: Database): Forget {
  return (now) => forgetAnswers(db, now.subtract(ANSWERS_KEPT));
}
