import { bookingCreated } from '../../shared/db/booking-events.ts';
import { lockBooking, saveBooking, takeTurn } from '../../shared/db/bookings.ts';
import { saveAnswer } from '../../shared/db/idempotency-keys.ts';
import { enqueue } from '../../shared/db/outbox.ts';
import { bookingOutbox, type BookingRow } from '../../shared/db/schema/booking.ts';
import { type BookingRequest, confirmHold } from '../../shared/domain/booking.ts';
import type { RequestContext } from '../../shared/runtime/function.ts';
import { reachBooking } from './access.ts';
import type { CheckedRequest } from './slot-request.ts';
import { cancelReplaced } from './cancel.ts';
import { commit } from './change.ts';
import type { Deps } from './deps.ts';
import { listOthers } from './facts.ts';
import { represent } from './representation.ts';

/** Turns a hold into the booking, under the hold's id. Throws `conflict` when it expired or reserves something else. */
export async function confirmHeld(
  deps: Deps,
  holdId: string,
  { request, practice, actor }: CheckedRequest & { readonly request: BookingRequest },
  context: RequestContext,
): Promise<BookingRow> {
  const { country } = practice;
  await reachBooking(deps, context.caller, { country, id: holdId });
  return commit(deps, async (tx) => {
    await takeTurn(tx, request);
    const now = deps.now();
    const hold = await lockBooking(tx, { country, id: holdId });
    const { facts } = await listOthers(tx, request, practice, now);
    const { replaces, ...planned } = confirmHold(hold, request, facts);
    const replaced = await cancelReplaced(
      deps,
      tx,
      replaces.map((id) => ({ country, id })),
      context,
    );
    const booking = { ...planned, ...actor, id: hold.id, country, createdAt: hold.createdAt, updatedAt: now };
    await saveBooking(tx, { former: hold, next: booking });
    const event = bookingCreated(booking, context.traceparent);
    await enqueue(tx, bookingOutbox, [event]);
    await saveAnswer(tx, context.idempotency, { status: 201, body: represent(booking) });
    return { booking, events: [...replaced, event] };
  });
}
