import type { cancelBooking as contract } from '../../schemas/api/booking.ts';
import { bookingCancelled } from '../../shared/db/booking-events.ts';
import { lockBooking, saveBooking } from '../../shared/db/bookings.ts';
import { saveAnswer } from '../../shared/db/idempotency-keys.ts';
import { enqueue } from '../../shared/db/outbox.ts';
import { bookingOutbox } from '../../shared/db/schema/booking.ts';
import { planCancel } from '../../shared/domain/booking.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { mustReach } from './access.ts';
import { actor } from './actor.ts';
import type { Deps } from './deps.ts';
import { represent } from './representation.ts';
import { mustMatch } from './version.ts';

/** `POST /{country}/bookings/{id}/cancel`: up to the cut-off by the patient, later by the practice. */
export function cancelBooking(deps: Deps): Operation<typeof contract> {
  return async ({ country, id, reason }, context) => {
    const booking = await deps.db.transaction(async (tx) => {
      const former = await lockBooking(tx, country, id);
      await mustReach(deps.lookups, context.caller, former);
      mustMatch(former, context.ifMatch);
      const { visitType } = await deps.lookups.practice(country, former);
      const now = deps.now();
      const planned = planCancel(former, { visitType, now, caller: context.caller });
      const next = { ...former, ...planned, ...actor(context), updatedAt: now };
      await saveBooking(tx, { former, next, because: reason });
      await enqueue(tx, bookingOutbox, [bookingCancelled(next, actor(context).actedAs, context.traceparent)]);
      await saveAnswer(tx, context.idempotency, { status: 200, body: represent(next) });
      await deps.hints.freed(former.practitionerId);
      return next;
    });
    await deps.hints.freed(booking.practitionerId);
    deps.publish([booking.practitionerId]);
    return { body: represent(booking) };
  };
}
