import type { EventOf } from '../../schemas/events/contract.ts';
import type { ReminderTriggered } from '../../schemas/events/reminder.v1.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { planNotice, type PlannedNotice } from '../../shared/db/notices.ts';
import { listPatientRecipients } from '../../shared/db/recipients.ts';
import { closeReminders, lockRemindedVisits, postponeReminders } from '../../shared/db/reminders.ts';
import type { Recipient } from '../../shared/domain/notification.ts';
import { avoidQuietHours } from '../../shared/domain/quiet-hours.ts';
import type { EventContext } from '../../shared/runtime/function.ts';
import { claimReminder } from './claims.ts';
import { deliverAll, type Deps } from './deliver.ts';
import { planOnce } from './plan.ts';

type ReminderEvent = EventOf<typeof ReminderTriggered>;

/** Reminds a patient of a visit or, by SMS, of all the visits of a day, as far as they still stand. */
export function remindPatient(deps: Deps) {
  const { db, patients, now } = deps;
  return async (event: ReminderEvent, context: EventContext): Promise<void> => {
    const recipients = await listPatientRecipients(patients, event.data.patientId, now());
    const planned = await planOnce(db, event, (tx) => plan(tx, event, recipients, now()));
    const claim = claimReminder(deps, event.id, Temporal.Instant.from(event.time));
    const open = planned?.open ?? [];
    await deliverAll(deps, { kind: 'booking-reminder', recipients, open, claim }, context);
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
