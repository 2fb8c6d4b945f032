import type { holdSlot as contract } from '../../schemas/api/booking.ts';
import { bookingHeld } from '../../shared/db/booking-events.ts';
import { planHold } from '../../shared/domain/booking.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { checkRequest } from './slot-request.ts';
import type { Deps } from './deps.ts';
import { representHold } from './representation.ts';
import { takeSlot } from './take-slot.ts';

/** `POST /{country}/holds`: reserves a free slot for a patient until the hold expires. */
export function holdSlot(deps: Deps): Operation<typeof contract> {
  return async ({ country, ...asked }, context) => {
    const checked = await checkRequest(deps, context, country, asked);
    const hold = await takeSlot(
      deps,
      {
        ...checked,
        plan: (facts) => planHold(checked.request, facts, deps.holdMinutes),
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
