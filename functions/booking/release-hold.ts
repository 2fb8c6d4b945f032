import type { releaseHold as contract } from '../../schemas/api/booking.ts';
import { lockBooking } from '../../shared/db/bookings.ts';
import { releaseHold as release } from '../../shared/db/holds.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { reachBooking } from './access.ts';
import { commit } from './change.ts';
import type { Deps } from './deps.ts';

/** `DELETE /{country}/holds/{id}`: gives a held slot back; again, and it is still given back. */
export function releaseHold(deps: Deps): Operation<typeof contract> {
  return async (id, { caller, traceparent }) => {
    const { actor } = await reachBooking(deps, caller, id);
    await commit(deps, async (tx) => {
      const booking = await lockBooking(tx, id);
      if (booking.status === 'released') return { booking, events: [] };
      const event = await release(tx, booking, { cause: 'released', now: deps.now(), ...actor, traceparent });
      return { booking, events: [event] };
    });
    return { body: undefined };
  };
}
