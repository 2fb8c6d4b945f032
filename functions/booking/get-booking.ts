import type { getBooking as contract } from '../../schemas/api/booking.ts';
import { findBooking, noSuchBooking } from '../../shared/db/bookings.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { mustReach } from './access.ts';
import type { Deps } from './deps.ts';
import { represent } from './representation.ts';

/** `GET /{country}/bookings/{id}`. */
export function getBooking({ db, lookups }: Deps): Operation<typeof contract> {
  return async ({ country, id }, { caller }) => {
    const booking = await findBooking(db, country, id);
    if (booking === undefined) throw noSuchBooking();
    await mustReach(lookups, caller, booking);
    return { body: represent(booking) };
  };
}
