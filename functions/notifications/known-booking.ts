import type { BookingCreated } from '../../schemas/events/booking.v1.ts';
import type { EventOf } from '../../schemas/events/contract.ts';
import type { KnownBooking } from '../../shared/db/known-bookings.ts';

type Facts = Pick<
  EventOf<typeof BookingCreated>['data'],
  'bookingId' | 'version' | 'country' | 'practitionerId' | 'patientId' | 'slotStart' | 'slotEnd'
>;

/** What is kept of a booking event: its other facts are not needed here. */
export function knownBookingOf({
  bookingId,
  version,
  country,
  practitionerId,
  patientId,
  ...slot
}: Facts): KnownBooking {
  const [slotStart, slotEnd] = [Temporal.Instant.from(slot.slotStart), Temporal.Instant.from(slot.slotEnd)];
  return { bookingId, version, country, practitionerId, patientId, slotStart, slotEnd };
}
