import type { releaseHold as contract } from '../../schemas/api/booking.ts';
import { lockBooking } from '../../shared/db/bookings.ts';
import { releaseHold as release } from '../../shared/db/holds.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { mustReach } from './access.ts';
import { actor } from './actor.ts';
import type { Deps } from './deps.ts';
import { tellFreed } from './take-slot.ts';

/** `DELETE /{country}/holds/{id}`: gives a held slot back; again, and it is still given back. */
export function releaseHold(deps: Deps): Operation<typeof contract> {
  return async ({ country, id }, context) => {
    const events = await deps.db.transaction(async (tx) => {
      const hold = await lockBooking(tx, country, id);
      await mustReach(deps.lookups, context.caller, hold);
      if (hold.status === 'released') return [];
      const { traceparent } = context;
      const event = await release(tx, hold, { cause: 'released', now: deps.now(), ...actor(context), traceparent });
      await tellFreed(deps, [event]);
      return [event];
    });
    await tellFreed(deps, events);
    deps.publish(events.map(({ partitionKey }) => partitionKey));
    return { body: undefined };
  };
}
