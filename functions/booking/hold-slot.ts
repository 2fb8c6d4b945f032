import type { holdSlot as contract } from '../../schemas/api/booking.ts';
import { bookingHeld } from '../../shared/db/booking-events.ts';
import { planHold } from '../../shared/domain/booking.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { admit } from './admission.ts';
import type { Deps } from './deps.ts';
import { representHold } from './representation.ts';
import { takeSlot } from './take-slot.ts';

/** `POST /{country}/holds`: reserves a free slot for a patient until the hold expires. */
export function holdSlot(deps: Deps): Operation<typeof contract> {
  return async ({ country, ...asked }, context) => {
    const admitted = await admit(deps, context, country, asked);
    const hold = await takeSlot(
      deps,
      {
        ...admitted,
        plan: (facts) => planHold(admitted.request, facts, deps.holdMinutes),
        tell: bookingHeld,
        answer: representHold,
        // Asked on confirming.
        sameSpecialty: 'keep',
      },
      context,
    );
    return { body: representHold(hold) };
  };
}
