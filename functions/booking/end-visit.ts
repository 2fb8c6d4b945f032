import type { completeBooking, recordNoShow } from '../../schemas/api/booking.ts';
import { lockBooking, saveBooking } from '../../shared/db/bookings.ts';
import { saveAnswer } from '../../shared/db/idempotency-keys.ts';
import { enqueue, type OutgoingEvent } from '../../shared/db/outbox.ts';
import { bookingOutbox, type BookingRow } from '../../shared/db/schema/booking.ts';
import { planEnd, type VisitEnd } from '../../shared/domain/booking.ts';
import { AppError } from '../../shared/errors.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { type Actor, reachBooking } from './access.ts';
import { commit } from './change.ts';
import type { Deps } from './deps.ts';
import { mustMatch, represent } from './representation.ts';

type End = {
  readonly status: VisitEnd;
  /** The event that tells of it. */
  readonly tell: (booking: BookingRow, traceparent: string) => OutgoingEvent;
};

/** Ends a visit that has begun: once, and by those who run the practice. */
export function endVisit(
  deps: Deps,
  { status, tell }: End,
): Operation<typeof completeBooking> & Operation<typeof recordNoShow> {
  return async (id, { caller, ifMatch, idempotency, traceparent }) => {
    const { booking: known, actor } = await reachBooking(deps, caller, id);
    mustBeOfPractice(actor);
    const booking = await commit(deps, async (tx) => {
      const former = await lockBooking(tx, known);
      mustMatch(former, ifMatch);
      const now = deps.now();
      const ended = { ...former, ...planEnd(former, status, now), ...actor, updatedAt: now };
      await saveBooking(tx, { former, next: ended });
      const event = tell(ended, traceparent);
      await enqueue(tx, bookingOutbox, [event]);
      await saveAnswer(tx, idempotency, { status: 200, body: represent(ended) });
      return { booking: ended, events: [event] };
    });
    return { body: represent(booking) };
  };
}

/** A practitioner may be the patient of another. */
function mustBeOfPractice({ actedAs }: Actor): void {
  if (actedAs === 'patient') throw new AppError('forbidden', 'How a visit ended is said by the practice.');
}
