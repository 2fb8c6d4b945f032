import type { BookingRow } from '../../shared/db/schema/booking.ts';
import type { PlannedSlot } from '../../shared/domain/booking.ts';

/** A plan in the columns of its row. */
export function rowOf<Plan extends PlannedSlot>(
  plan: Plan,
): Omit<Plan, 'specialtyWindow'> & Pick<BookingRow, 'specialtyWindow'> {
  const { start, end } = plan.specialtyWindow ?? {};
  return { ...plan, specialtyWindow: start && end ? `[${start.toString()},${end.toString()})` : null };
}
