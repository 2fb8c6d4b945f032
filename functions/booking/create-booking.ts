import type { createBooking as contract } from '../../schemas/api/booking.ts';
import { bookingCreated } from '../../shared/db/booking-events.ts';
import { planBooking } from '../../shared/domain/booking.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { mustSelect } from './access.ts';
import { confirmHeld } from './confirm-held.ts';
import type { Deps } from './deps.ts';
import { represent } from './representation.ts';
import { takeSlot } from './take-slot.ts';

/** `POST /{country}/bookings`: confirms a free slot, or one that a hold reserves, for a patient. */
export function createBooking(deps: Deps): Operation<typeof contract> {
  return async ({ country, holdId, slotStart, ...input }, context) => {
    await mustSelect(deps.lookups, context.caller, input);
    const request = { ...input, slotStart: Temporal.Instant.from(slotStart) };
    const [practice] = await Promise.all([
      deps.lookups.practice(country, request),
      deps.lookups.mustBePatient(country, request.patientId),
    ]);
    if (holdId !== undefined)
      return { body: represent(await confirmHeld(deps, { holdId, request, practice }, context)) };
    const booking = await takeSlot(
      deps,
      {
        request,
        practice,
        plan: (facts) => planBooking(request, facts),
        tell: bookingCreated,
        answer: (row) => ({ status: 201, body: represent(row) }),
        needsOthers: request.sameSpecialty === 'replace',
      },
      context,
    );
    return { body: represent(booking) };
  };
}
