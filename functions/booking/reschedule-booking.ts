import type { rescheduleBooking as contract } from '../../schemas/api/booking.ts';
import { bookingRescheduled } from '../../shared/db/booking-events.ts';
import { lockBooking, saveBooking, takeTurn } from '../../shared/db/bookings.ts';
import { saveAnswer } from '../../shared/db/idempotency-keys.ts';
import { enqueue } from '../../shared/db/outbox.ts';
import { bookingOutbox } from '../../shared/db/schema/booking.ts';
import { planReschedule } from '../../shared/domain/booking.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { reachBooking } from './access.ts';
import { commit } from './change.ts';
import type { Deps } from './deps.ts';
import { expireHolds, listOthers } from './facts.ts';
import { mustMatch, represent } from './representation.ts';

/** `POST /{country}/bookings/{id}/reschedule`: the new slot is taken and the old one freed, or nothing changes. */
export function rescheduleBooking(deps: Deps): Operation<typeof contract> {
  return async ({ country, id, sameSpecialty, ...input }, { caller, ifMatch, idempotency, traceparent }) => {
    const slotStart = Temporal.Instant.from(input.slotStart);
    const { booking: known, actor } = await reachBooking(deps, caller, { country, id });
    const practice = await deps.lookups.practice(country, known);
    const booking = await commit(deps, async (tx) => {
      await takeTurn(tx, known);
      const now = deps.now();
      const former = await lockBooking(tx, known);
      mustMatch(former, ifMatch);
      const { facts, stale } = await listOthers(tx, { ...former, slotStart }, practice, now);
      const planned = planReschedule(former, { slotStart, sameSpecialty }, { ...facts, actedAs: actor.actedAs });
      const expired = await expireHolds(tx, stale, { now, traceparent });
      const moved = { ...former, ...planned, ...actor, updatedAt: now };
      await saveBooking(tx, { former, next: moved });
      const event = bookingRescheduled(moved, former, traceparent);
      await enqueue(tx, bookingOutbox, [event]);
      await saveAnswer(tx, idempotency, { status: 200, body: represent(moved) });
      return { booking: moved, events: [...expired, event] };
    });
    return { body: represent(booking) };
  };
}
