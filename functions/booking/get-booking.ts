import type { getBooking as contract } from '../../schemas/api/booking.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { reachBooking } from './access.ts';
import type { Deps } from './deps.ts';
import { represent } from './representation.ts';

/** `GET /{country}/bookings/{id}`. */
export function getBooking(deps: Deps): Operation<typeof contract> {
  return async (id, { caller }) => {
    const { booking } = await reachBooking(deps, caller, id);
    return { body: represent(booking) };
  };
}
