import type { EventOf } from '../../schemas/events/contract.ts';
import type { ReminderTriggered } from '../../schemas/events/reminder.v1.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { getPractitionerContact, listPatientRecipients, planDeliveries } from '../../shared/db/deliveries.ts';
import { once } from '../../shared/db/inbox.ts';
import {
  closeReminders,
  lockRemindedVisits,
  postponeReminders,
  type RemindedVisit,
} from '../../shared/db/reminders.ts';
import { notificationInbox } from '../../shared/db/schema/notification.ts';
import type { Recipient } from '../../shared/domain/notification.ts';
import { avoidQuietHours } from '../../shared/domain/quiet-hours.ts';
import type { Visit } from '../../shared/notify/message.ts';
import type { EventContext } from '../../shared/runtime/function.ts';
import { CONSUMER, deliverAll, type Deps, type Telling } from './deliver.ts';

type ReminderEvent = EventOf<typeof ReminderTriggered>;

/** Reminds a patient of a visit or, by SMS, of all the visits of a day, as far as they still stand. */
export function remindPatient(deps: Deps) {
  return async (event: ReminderEvent, { log }: EventContext): Promise<void> => {
    const recipients = await listPatientRecipients(deps.patients, event.data.patientId, deps.now());
    await once(deps.db, notificationInbox, CONSUMER, event, (tx) => plan(tx, event, recipients, deps.now()));
    await deliverAll(deps, { event, recipients, tell: (tx) => tell(deps, tx, event) }, log);
    await closeReminders(deps.db, event.id);
  };
}

/** A reminder that comes late, or to quiet hours set since it was planned, waits for the morning. */
async function plan(
  tx: Queryable,
  event: ReminderEvent,
  recipients: readonly Recipient[],
  now: Temporal.Instant,
): Promise<void> {
  const [first] = await lockRemindedVisits(tx, event.id);
  if (!first) return;
  const sendAt = avoidQuietHours(recipients[0]?.quietHours, now, first.slotStart);
  if (Temporal.Instant.compare(sendAt, now) > 0) return postponeReminders(tx, event.id, sendAt);
  const { bookingId, version, channel } = first;
  const told = { kind: 'booking-reminder', bookingId, bookingVersion: version } as const;
  await planDeliveries(
    tx,
    event,
    told,
    recipients.map(({ type, id }) => ({ type, id, channel })),
  );
}

async function tell(deps: Deps, tx: Queryable, event: ReminderEvent): Promise<Telling> {
  const standing = await lockRemindedVisits(tx, event.id);
  const ahead = standing.filter(({ slotStart }) => Temporal.Instant.compare(slotStart, deps.now()) > 0);
  const [first, ...rest] = await Promise.all(ahead.map((visit) => withPractitioner(deps, visit)));
  if (!first) return { withheld: standing.length > 0 ? 'past' : 'superseded' };
  return { news: { kind: 'booking-reminder', visits: [first, ...rest], at: Temporal.Instant.from(event.time) } };
}

async function withPractitioner({ practitioners }: Deps, visit: RemindedVisit): Promise<Visit> {
  const practitioner = await getPractitionerContact(practitioners, visit.country, visit.practitionerId);
  return { ...visit, practitioner };
}
