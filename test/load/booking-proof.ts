import { eq } from 'drizzle-orm';

import { type BookingRow, bookings } from '../../shared/db/schema/booking.ts';
import { type Check, checkAll } from './check.ts';
import type { AnsweredBooking } from './ledger.ts';
import type { ProofSource } from './proof-source.ts';

/** What was answered is what the database holds, no more and no less. */
export async function checkBookings({ db, ledger, subject }: ProofSource): Promise<Check[]> {
  const rows = await db.select().from(bookings).where(eq(bookings.actedBy, subject));
  const stored = new Map(rows.map((row) => [row.id, row]));
  return [
    checkAll('bookings are stored in the state, version and slot last answered', ledger.bookings.values(), (answered) =>
      differenceOf(answered, stored.get(answered.id)),
    ),
    checkAll('stored bookings were answered to somebody', rows, ({ id, status }) =>
      ledger.bookings.has(id) ? undefined : `${id} is ${status} and nobody was told`,
    ),
  ];
}

function differenceOf(answered: AnsweredBooking, row: BookingRow | undefined): string | undefined {
  if (row === undefined) return `${answered.id} was answered and is not there`;
  const said = stateOf(answered);
  const kept = stateOf({ ...row, slotStart: row.slotStart.toString(), slotEnd: row.slotEnd.toString() });
  return said === kept ? undefined : `${answered.id} was answered ${said} and is ${kept}`;
}

type State = Omit<AnsweredBooking, 'id'>;

function stateOf({ country, status, version, practitionerId, patientId, visitTypeId, slotStart, slotEnd }: State) {
  const slot = [slotStart, slotEnd].map((text) => Temporal.Instant.from(text).toString()).join(' to ');
  return `${status} v${version} in ${country}, ${slot}, ${practitionerId} ${patientId} ${visitTypeId}`;
}
