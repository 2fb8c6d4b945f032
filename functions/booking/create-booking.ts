import type { createBooking as contract } from '../../schemas/api/booking.ts';
import { bookingCreated } from '../../shared/db/booking-events.ts';
import { planBooking } from '../../shared/domain/booking.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { checkRequest } from './slot-request.ts';
import { confirmHeld } from './confirm-held.ts';
import type { Deps } from './deps.ts';
import { represent } from './representation.ts';
import { takeSlot } from './take-slot.ts';

/** `POST /{country}/bookings`: confirms a free slot, or one that a hold reserves, for a patient. */
export function createBooking(deps: Deps): Operation<typeof contract> {
  return async ({ country, holdId, sameSpecialty, ...asked }, context) => {
    const checked = await checkRequest(deps, context, country, asked);
    const request = { ...checked.request, sameSpecialty };
    if (holdId !== undefined) {
      return { body: represent(await confirmHeld(deps, holdId, { ...checked, request }, context)) };
    }
    const booking = await takeSlot(
      deps,
      {
        ...checked,
        plan: (facts) => planBooking(request, facts),
        tell: bookingCreated,
        answer: represent,
        sameSpecialty,
      },
      context,
    );
    return { body: represent(booking) };
  };
}
