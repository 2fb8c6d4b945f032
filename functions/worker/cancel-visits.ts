import { and, eq, inArray } from 'drizzle-orm';

import { bookingCancelled } from '../../shared/db/booking-events.ts';
import { type BookingId, lockBooking, saveBooking } from '../../shared/db/bookings.ts';
import type { Database, Queryable } from '../../shared/db/client.ts';
import { releaseHold } from '../../shared/db/holds.ts';
import { enqueue } from '../../shared/db/outbox.ts';
import { type BookingRow, bookingOutbox, bookings } from '../../shared/db/schema/booking.ts';
import { planCancel } from '../../shared/domain/booking.ts';
import type { Refusals } from '../../shared/redis/refusals.ts';

type Deps = { readonly db: Database; readonly refusals: Pick<Refusals, 'forget'> };
type Cancellation = { readonly now: Temporal.Instant; readonly traceparent: string };

const actor = { actedBy: 'worker', actedAs: 'system' } as const;

/**
 * Cancels the visits that a patient has ahead, whatever their cut-off, and gives holds back, so that nobody waits for
 * somebody who was erased. What is remembered of refused slots is forgotten before they are free, and again after. @returns how many there were.
 */
export async function cancelVisits(
  { db, refusals }: Deps,
  patientId: string,
  cancellation: Cancellation,
): Promise<number> {
  const ahead = await db
    .select()
    .from(bookings)
    .where(and(eq(bookings.patientId, patientId), inArray(bookings.status, ['held', 'confirmed'])));
  for (const booking of ahead) {
    const forgetRefused = () => refusals.forget(booking.practitionerId);
    await db.transaction(async (tx) => {
      await cancelVisit(tx, booking, cancellation);
      await forgetRefused();
    });
    await forgetRefused();
  }
  return ahead.length;
}

/** A visit that has begun is left to take place. */
async function cancelVisit(tx: Queryable, id: BookingId, { now, traceparent }: Cancellation): Promise<void> {
  const former = await lockBooking(tx, id);
  if (former.status === 'held') {
    await releaseHold(tx, former, { cause: 'released', now, ...actor, traceparent });
  }
  if (former.status !== 'confirmed' || Temporal.Instant.compare(former.slotStart, now) <= 0) return;
  const planned = planCancel(former, { visitType: undefined, now, actedAs: actor.actedAs });
  const next: BookingRow = { ...former, ...planned, ...actor, updatedAt: now };
  await saveBooking(tx, { former, next });
  await enqueue(tx, bookingOutbox, [bookingCancelled(next, actor.actedAs, traceparent)]);
}
