import { BookingCancelled, type BookingCreated, BookingRescheduled } from '../../schemas/events/booking.v1.ts';
import type { EventOf } from '../../schemas/events/contract.ts';
import { mustFollowOlder } from '../../shared/db/deliveries.ts';
import { forgetTold, isErased } from '../../shared/db/erased-patients.ts';
import { type KnownBooking, saveKnownBooking } from '../../shared/db/known-bookings.ts';
import { planNotice } from '../../shared/db/notices.ts';
import { getPractitionerContact, listPatientRecipients, type PractitionerContact } from '../../shared/db/recipients.ts';
import { replaceReminders } from '../../shared/db/reminders.ts';
import { channelsTo, type Recipient } from '../../shared/domain/notification.ts';
import { type Ladder, planReminders } from '../../shared/domain/reminder.ts';
import { visitDeadline } from '../../shared/domain/sending-time.ts';
import type { EventContext } from '../../shared/runtime/function.ts';
import { claimVisit, type VisitNotice } from './claims.ts';
import { deliverAll, type Deps } from './deliver.ts';
import { knownBookingOf } from './known-booking.ts';
import { planOnce, waysTo } from './plan.ts';

type BookingEvent = EventOf<typeof BookingCreated | typeof BookingCancelled | typeof BookingRescheduled>;

type Parties = { readonly recipients: readonly Recipient[]; readonly practitioner: PractitionerContact };

/**
 * Tells patient and practitioner what became of a booking, and keeps the patient's reminders in step with it. Older news
 * of the booking goes first or, once this is known, not at all. Of a patient who was erased only the practitioner is told.
 */
export function tellOfBooking(deps: Deps & { readonly ladder: Ladder }) {
  const { db, now, ladder } = deps;
  return async (event: BookingEvent, context: EventContext): Promise<void> => {
    const booking = knownBookingOf(event.data);
    const erased = await isErased(db, booking.patientId);
    const { recipients, practitioner } = await findParties(deps, booking, erased);
    const notice = noticeOf(event, booking);
    const planned = await planOnce(db, event, async (tx) => {
      const reminders = erased ? [] : remindersOf(event, booking, practitioner.timeZone, recipients, ladder);
      if (await saveKnownBooking(tx, booking)) await replaceReminders(tx, booking, reminders);
      const { kind } = notice;
      const ways = waysTo(recipients, { kind, dueAt: now(), deadline: visitDeadline(booking.slotStart) }, now());
      return planNotice(tx, event, notice, ways);
    });
    if (!planned) return;
    await mustFollowOlder(db, booking, now());
    const claim = claimVisit(deps, notice, booking, practitioner);
    await deliverAll(deps, { kind: notice.kind, recipients, open: planned.open, claim }, context);
    if (erased) await forgetTold(db, booking.patientId);
  };
}

async function findParties(
  { patients, practitioners, now }: Deps,
  booking: KnownBooking,
  erased: boolean,
): Promise<Parties> {
  const [practitioner, told] = await Promise.all([
    getPractitionerContact(practitioners, booking.country, booking.practitionerId),
    erased ? [] : listPatientRecipients(patients, booking.patientId, now()),
  ]);
  return { practitioner, recipients: [...told, practitioner.recipient] };
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
  const planned = planReminders(ladder, { slotStart, timeZone, bookedAt }, patient?.quietHours);
  return planned.filter(({ channel }) => patient && channelsTo(patient).includes(channel));
}

function noticeOf(event: BookingEvent, booking: KnownBooking): VisitNotice {
  const { bookingId: subjectId, version: subjectVersion, country, patientId } = booking;
  const occurredAt = Temporal.Instant.from(event.time);
  const { data } = event;
  const facts = 'previousSlotStart' in data ? { previousSlotStart: data.previousSlotStart } : {};
  return { kind: kindOf(event), country, patientId, subjectId, subjectVersion, occurredAt, facts };
}

function kindOf({ type }: BookingEvent) {
  if (type === BookingCancelled.type) return 'booking-cancelled';
  return type === BookingRescheduled.type ? 'booking-rescheduled' : 'booking-confirmed';
}
