import { eq, lt, sql } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { deleteBatch } from './delete-batch.ts';
import { knownBookings } from './schema/notification.ts';

export type KnownBooking = typeof knownBookings.$inferSelect;

/** Keeps a booking's newest state. @returns whether that is the one given. */
export async function saveKnownBooking(tx: Queryable, booking: KnownBooking): Promise<boolean> {
  const saved = await tx
    .insert(knownBookings)
    .values(booking)
    .onConflictDoUpdate({
      target: knownBookings.bookingId,
      set: { version: booking.version, slotStart: booking.slotStart, slotEnd: booking.slotEnd },
      setWhere: lt(knownBookings.version, booking.version),
    })
    .returning({ version: knownBookings.version });
  return saved.length === 1;
}

export async function findKnownBooking(db: Queryable, id: string): Promise<KnownBooking | undefined> {
  const [found] = await db.select().from(knownBookings).where(eq(knownBookings.bookingId, id));
  return found;
}

/** Drops a batch of the bookings whose visit ended before `before`, with their reminders. Resolves to how many there were. */
export async function forgetKnownBookings(db: Queryable, before: Temporal.Instant): Promise<number> {
  return deleteBatch(db, knownBookings, sql`${knownBookings.slotEnd} < ${before.toString()}`);
}
