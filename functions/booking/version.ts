import type { BookingRow } from '../../shared/db/schema/booking.ts';
import { AppError } from '../../shared/errors.ts';

/** Throws `precondition-failed` where `If-Match` names another version than the stored one. */
export function mustMatch({ version }: BookingRow, ifMatch: number | undefined): void {
  if (ifMatch === undefined || ifMatch === version) return;
  throw new AppError('precondition-failed', 'The booking has changed since; read it again.', { version });
}
