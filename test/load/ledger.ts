import type { z } from 'zod';

import type { Booking } from '../../schemas/api/booking.ts';

/** A booking as it was last answered. */
export type AnsweredBooking = z.infer<typeof Booking> & { readonly country: string };

/** What the platform has answered, and so has to keep. */
export type Ledger = {
  readonly bookings: ReadonlyMap<string, AnsweredBooking>;
  /** Operations of which nobody knows whether they took place. */
  readonly unanswered: readonly string[];
  keep(booking: AnsweredBooking): void;
  giveUp(what: string): void;
};

export function createLedger(): Ledger {
  const bookings = new Map<string, AnsweredBooking>();
  const unanswered: string[] = [];
  return {
    bookings,
    unanswered,
    keep: (booking) => bookings.set(booking.id, booking),
    giveUp: (what) => unanswered.push(what),
  };
}
