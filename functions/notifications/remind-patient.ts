import type { EventOf } from '../../schemas/events/contract.ts';
import type { ReminderTriggered } from '../../schemas/events/reminder.v1.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { claimDelivery, type OpenDelivery, withholdDelivery } from '../../shared/db/deliveries.ts';
import { planNotice, type PlannedNotice } from '../../shared/db/notices.ts';
import { getPractitionerContact, listPatientRecipients } from '../../shared/db/recipients.ts';
import {
  closeReminders,
  lockRemindedVisits,
  postponeReminders,
  type RemindedVisit,
} from '../../shared/db/reminders.ts';
import { lateBecause, type Recipient } from '../../shared/domain/notification.ts';
import { avoidQuietHours } from '../../shared/domain/quiet-hours.ts';
import type { Visit } from '../../shared/notify/message.ts';
import type { EventContext } from '../../shared/runtime/function.ts';
import { type ClaimedNews, deliverAll, type Deps } from './deliver.ts';
import { planOnce } from './plan.ts';

type ReminderEvent = EventOf<typeof ReminderTriggered>;

/** Reminds a patient of a visit or, by SMS, of all the visits of a day, as far as they still stand. */
export function remindPatient(deps: Deps) {
  const { db, patients, now } = deps;
  return async (event: ReminderEvent, { log }: EventContext): Promise<void> => {
    const recipients = await listPatientRecipients(patients, event.data.patientId, now());
    const planned = await planOnce(db, event, (tx) => plan(tx, event, recipients, now()));
    const claim = (delivery: OpenDelivery) => db.transaction((tx) => claimReminder(deps, tx, event, delivery));
    const open = planned?.open ?? [];
    await deliverAll(deps, { kind: 'booking-reminder', recipients, open, claim }, log);
    await closeReminders(db, event.id);
  };
}

/** A reminder that comes late, or to quiet hours set since it was planned, waits until nobody is disturbed. */
async function plan(
  tx: Queryable,
  event: ReminderEvent,
  recipients: readonly Recipient[],
  now: Temporal.Instant,
): Promise<PlannedNotice | undefined> {
  const [first] = await lockRemindedVisits(tx, event.id);
  if (!first) return undefined;
  const times = recipients.map(({ quietHours }) => avoidQuietHours(quietHours, now, first.slotStart));
  const [sendAt = now] = times.toSorted((one, other) => Temporal.Instant.compare(other, one));
  if (Temporal.Instant.compare(sendAt, now) > 0) {
    await postponeReminders(tx, event.id, sendAt);
    return undefined;
  }
  const { bookingId: subjectId, version: subjectVersion, channel, country, patientId } = first;
  const occurredAt = Temporal.Instant.from(event.time);
  const notice = { kind: 'booking-reminder', country, patientId, subjectId, subjectVersion, occurredAt } as const;
  const everyone = recipients.map(({ type, id }) => ({ type, id, channel, dueAt: now, held: false }));
  return planNotice(tx, event, notice, everyone);
}

/** None of the visits changes before the claim is there to see. */
async function claimReminder(
  deps: Deps,
  tx: Queryable,
  event: ReminderEvent,
  delivery: OpenDelivery,
): Promise<ClaimedNews | undefined> {
  const now = deps.now();
  const standing = await lockRemindedVisits(tx, event.id);
  const ahead = standing.filter(({ slotStart }) => lateBecause(slotStart, now) === undefined);
  const [first, ...rest] = await Promise.all(ahead.map((visit) => withPractitioner(deps, visit)));
  if (!first) return withholdDelivery(tx, delivery, standing.length > 0 ? 'past' : 'superseded', now);
  const claim = await claimDelivery(tx, delivery, now);
  const at = Temporal.Instant.from(event.time);
  return claim && { claim, news: { kind: 'booking-reminder', visits: [first, ...rest], at } };
}

async function withPractitioner({ practitioners }: Deps, visit: RemindedVisit): Promise<Visit> {
  const practitioner = await getPractitionerContact(practitioners, visit.country, visit.practitionerId);
  return { ...visit, practitioner };
}
