import type { BookingCompleted, BookingNoShow } from '../../schemas/events/booking.v1.ts';
import type { EventOf } from '../../schemas/events/contract.ts';
import type { Database } from '../../shared/db/client.ts';
import { isErased } from '../../shared/db/erased-patients.ts';
import { once } from '../../shared/db/inbox.ts';
import { saveKnownBooking } from '../../shared/db/known-bookings.ts';
import { replaceReminders } from '../../shared/db/reminders.ts';
import { notificationInbox } from '../../shared/db/schema/notification.ts';
import { knownBookingOf } from './known-booking.ts';
import { CONSUMER } from './plan.ts';

/** Ends the reminders of a visit that is over. Nobody is told: who was there knows. */
export function endBooking({ db }: { readonly db: Database }) {
  return async (event: EventOf<typeof BookingCompleted | typeof BookingNoShow>): Promise<void> => {
    await once(db, notificationInbox, CONSUMER, event, async (tx) => {
      const booking = knownBookingOf(event.data);
      if (await isErased(tx, booking.patientId)) return;
      if (await saveKnownBooking(tx, booking)) await replaceReminders(tx, booking, []);
    });
  };
}
