import { practitionersFreedBy } from '../../shared/db/booking-events.ts';
import { refusingClashes } from '../../shared/db/bookings.ts';
import type { Queryable } from '../../shared/db/client.ts';
import type { OutgoingEvent } from '../../shared/db/outbox.ts';
import type { BookingRow } from '../../shared/db/schema/booking.ts';
import type { Deps } from './deps.ts';

/** What a transaction wrote: a booking, and every event it put into the outbox. */
export type Change = { readonly booking: BookingRow; readonly events: readonly OutgoingEvent[] };

/**
 * Writes in one transaction, then publishes. Where time becomes free, what is remembered of refused slots is forgotten
 * before it is, and again after. Throws `conflict` where a constraint of the database refuses the write.
 */
export async function commit(
  { db, hints, publish }: Deps,
  write: (tx: Queryable) => Promise<Change>,
): Promise<BookingRow> {
  const { booking, events } = await refusingClashes(() =>
    db.transaction(async (tx) => {
      const change = await write(tx);
      await hints.freed(practitionersFreedBy(change.events));
      return change;
    }),
  );
  publish(events.map(({ partitionKey }) => partitionKey));
  await hints.freed(practitionersFreedBy(events));
  return booking;
}
