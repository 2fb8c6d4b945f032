import type * as z from 'zod';

import type { Booking, Hold } from '../../schemas/api/booking.ts';
import type { BookingRow } from '../../shared/db/schema/booking.ts';
import { AppError } from '../../shared/errors.ts';

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

/** A hold as the API shows it. */
export function representHold({ id, holdExpiresAt, updatedAt }: BookingRow): z.infer<typeof Hold> {
  return { id, expiresAt: (holdExpiresAt ?? updatedAt).toString() };
}

/** Throws `precondition-failed` where `If-Match` names another version than the stored one. */
export function mustMatch({ version }: BookingRow, ifMatch: number | undefined): void {
  if (ifMatch === undefined || ifMatch === version) return;
  throw new AppError('precondition-failed', 'The booking has changed since; read it again.', { version });
}
