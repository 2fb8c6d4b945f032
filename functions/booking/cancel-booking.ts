import type { cancelBooking as contract } from '../../schemas/api/booking.ts';
import { lockBooking } from '../../shared/db/bookings.ts';
import { saveAnswer } from '../../shared/db/idempotency-keys.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { reachBooking } from './access.ts';
import { cancel } from './cancel.ts';
import { commit } from './change.ts';
import type { Deps } from './deps.ts';
import { mustMatch, represent } from './representation.ts';

/** `POST /{country}/bookings/{id}/cancel`: up to the cut-off by the patient, up to the visit by the practice. */
export function cancelBooking(deps: Deps): Operation<typeof contract> {
  return async ({ country, id, reason }, { caller, ifMatch, idempotency, traceparent }) => {
    const { booking: known, actor } = await reachBooking(deps, caller, { country, id });
    const visitType = await deps.lookups.visitType(country, known.visitTypeId);
    const booking = await commit(deps, async (tx) => {
      const former = await lockBooking(tx, known);
      mustMatch(former, ifMatch);
      const change = await cancel(tx, former, { actor, visitType, now: deps.now(), because: reason, traceparent });
      await saveAnswer(tx, idempotency, { status: 200, body: represent(change.booking) });
      return change;
    });
    return { body: represent(booking) };
  };
}
