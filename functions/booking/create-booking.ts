import type { createBooking as contract } from '../../schemas/api/booking.ts';
import { bookingCreated } from '../../shared/db/booking-events.ts';
import { planBooking } from '../../shared/domain/booking.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { admit } from './admission.ts';
import { confirmHeld } from './confirm-held.ts';
import type { Deps } from './deps.ts';
import { represent } from './representation.ts';
import { takeSlot } from './take-slot.ts';

/** `POST /{country}/bookings`: confirms a free slot, or one that a hold reserves, for a patient. */
export function createBooking(deps: Deps): Operation<typeof contract> {
  return async ({ country, holdId, sameSpecialty, ...asked }, context) => {
    const admitted = await admit(deps, context, country, asked);
    const request = { ...admitted.request, sameSpecialty };
    if (holdId !== undefined) {
      return { body: represent(await confirmHeld(deps, holdId, { ...admitted, request }, context)) };
    }
    const booking = await takeSlot(
      deps,
      {
        ...admitted,
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
