import { BookingCancelled, type BookingCreated, BookingRescheduled } from '../../schemas/events/booking.v1.ts';
import type { EventOf } from '../../schemas/events/contract.ts';
import type { Queryable } from '../../shared/db/client.ts';
import {
  claimNewest,
  mustFollowOlder,
  type OpenDelivery,
  planDeliveries,
  withholdDelivery,
} from '../../shared/db/deliveries.ts';
import { once } from '../../shared/db/inbox.ts';
import { type KnownBooking, saveKnownBooking } from '../../shared/db/known-bookings.ts';
import { getPractitionerContact, listPatientRecipients, type PractitionerContact } from '../../shared/db/recipients.ts';
import { replaceReminders } from '../../shared/db/reminders.ts';
import { notificationInbox } from '../../shared/db/schema/notification.ts';
import { channels, type NotificationKind, lateBecause, type Recipient } from '../../shared/domain/notification.ts';
import { type Ladder, planReminders } from '../../shared/domain/reminder.ts';
import type { News } from '../../shared/notify/message.ts';
import type { EventContext } from '../../shared/runtime/function.ts';
import { type ClaimedNews, CONSUMER, deliverAll, type Deps } from './deliver.ts';
import { knownBookingOf } from './known-booking.ts';

type BookingEvent = EventOf<typeof BookingCreated | typeof BookingCancelled | typeof BookingRescheduled>;

type Parties = { readonly recipients: readonly Recipient[]; readonly practitioner: PractitionerContact };

/**
 * Tells patient and practitioner what became of a booking, and keeps the patient's reminders in step with it. Older news
 * of the booking goes first or, once this is known, not at all.
 */
export function tellOfBooking(deps: Deps & { readonly ladder: Ladder }) {
  const { db, now, ladder } = deps;
  return async (event: BookingEvent, { log }: EventContext): Promise<void> => {
    const booking = knownBookingOf(event.data);
    const { recipients, practitioner } = await findParties(deps, booking);
    const planned = await once(db, notificationInbox, CONSUMER, event, async (tx) => {
      const reminders = remindersOf(event, booking, practitioner.timeZone, recipients, ladder);
      if (await saveKnownBooking(tx, booking)) await replaceReminders(tx, booking, reminders);
      return plan(tx, event, booking, recipients);
    });
    await mustFollowOlder(db, booking, now());
    const news = newsOf(event, booking, practitioner);
    await deliverAll(deps, { event, recipients, planned, claim }, log);

    async function claim(delivery: OpenDelivery): Promise<ClaimedNews | undefined> {
      const late = lateBecause(booking.slotStart, now());
      if (late) return withholdDelivery(db, delivery, late, now());
      const claim = await claimNewest(db, delivery, now());
      return claim && { claim, news };
    }
  };
}

async function findParties({ patients, practitioners, now }: Deps, booking: KnownBooking): Promise<Parties> {
  const [practitioner, told] = await Promise.all([
    getPractitionerContact(practitioners, booking.country, booking.practitionerId),
    listPatientRecipients(patients, booking.patientId, now()),
  ]);
  return { practitioner, recipients: [...told, practitioner.recipient] };
}

async function plan(tx: Queryable, event: BookingEvent, booking: KnownBooking, recipients: readonly Recipient[]) {
  const told = { kind: kindOf(event), bookingId: booking.bookingId, bookingVersion: booking.version };
  const everyWay = recipients.flatMap(({ type, id }) => channels.map((channel) => ({ type, id, channel })));
  return planDeliveries(tx, event, told, everyWay);
}

function remindersOf(
  event: BookingEvent,
  { slotStart }: KnownBooking,
  timeZone: string,
  [patient]: readonly Recipient[],
  ladder: Ladder,
) {
  if (event.type === BookingCancelled.type) return [];
  const bookedAt = Temporal.Instant.from(event.time);
  return planReminders(ladder, { slotStart, timeZone, bookedAt }, patient?.quietHours);
}

function newsOf(event: BookingEvent, booking: KnownBooking, practitioner: PractitionerContact): News {
  const { data } = event;
  return {
    kind: kindOf(event),
    visits: [{ ...booking, practitioner }],
    at: Temporal.Instant.from(event.time),
    ...('previousSlotStart' in data && { previousSlotStart: Temporal.Instant.from(data.previousSlotStart) }),
  };
}

function kindOf({ type }: BookingEvent): NotificationKind {
  if (type === BookingCancelled.type) return 'booking-cancelled';
  return type === BookingRescheduled.type ? 'booking-rescheduled' : 'booking-confirmed';
}
