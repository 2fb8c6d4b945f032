import type { z } from 'zod';

import type { Booking } from '../../schemas/api/booking.ts';
import type { BookingRow } from '../../shared/db/schema/booking.ts';

/** A booking as the API shows it. */
export function represent(booking: BookingRow): z.infer<typeof Booking> {
  return {
    id: booking.id,
    status: booking.status,
    version: booking.version,
    practitionerId: booking.practitionerId,
    patientId: booking.patientId,
    visitTypeId: booking.visitTypeId,
    slotStart: booking.slotStart.toString(),
    slotEnd: booking.slotEnd.toString(),
  };
}
