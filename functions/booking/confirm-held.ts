import { bookingCreated } from '../../shared/db/booking-events.ts';
import { clashOf, lockBooking, saveBooking, takeTurn } from '../../shared/db/bookings.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { saveAnswer } from '../../shared/db/idempotency-keys.ts';
import { enqueue, type OutgoingEvent } from '../../shared/db/outbox.ts';
import { bookingOutbox, type BookingRow } from '../../shared/db/schema/booking.ts';
import { type BookingRequest, confirmHold, refusal } from '../../shared/domain/booking.ts';
import type { RequestContext } from '../../shared/runtime/function.ts';
import { mustReach } from './access.ts';
import { actor } from './actor.ts';
import type { Deps } from './deps.ts';
import type { Practice } from './lookups.ts';
import { represent } from './representation.ts';
import { cancelReplaced, listFacts, rangeText, tellFreed } from './take-slot.ts';

export type HeldRequest = { holdId: string; request: BookingRequest; practice: Practice };

type Confirmed = { row: BookingRow; event: OutgoingEvent; replaced: OutgoingEvent[] };

/** Turns the hold into the booking, under the hold's id. Throws `conflict` when it expired or reserves something else. */
export async function confirmHeld(deps: Deps, held: HeldRequest, context: RequestContext): Promise<BookingRow> {
  let confirmed: Confirmed | undefined;
  const clash = await clashOf(async () => {
    confirmed = await deps.db.transaction((tx) => writeConfirmed(deps, tx, held, context));
  });
  if (confirmed === undefined)
    throw refusal(clash === 'patient-overlap' ? [{ code: clash }] : [{ code: 'slot-taken' }]);
  const { row, event, replaced } = confirmed;
  await tellFreed(deps, replaced);
  deps.publish([...replaced, event].map(({ partitionKey }) => partitionKey));
  return row;
}

async function writeConfirmed(
  deps: Deps,
  tx: Queryable,
  { holdId, request, practice }: HeldRequest,
  context: RequestContext,
): Promise<Confirmed> {
  const now = deps.now();
  const { country } = practice;
  await takeTurn(tx, request);
  const hold = await lockBooking(tx, country, holdId);
  await mustReach(deps.lookups, context.caller, hold);
  const facts = await listFacts(tx, request, practice, now);
  const { replaces, specialtyWindow, ...planned } = confirmHold(hold, request, facts);
  const replaced = await cancelReplaced(deps, tx, { replaces }, { now, context, country });
  const window = specialtyWindow && rangeText(specialtyWindow);
  const row = { ...hold, ...planned, specialtyWindow: window, ...actor(context), updatedAt: now };
  await saveBooking(tx, { former: hold, next: row });
  const event = bookingCreated(row, context.traceparent);
  await enqueue(tx, bookingOutbox, [...replaced, event]);
  await saveAnswer(tx, context.idempotency, { status: 201, body: represent(row) });
  await tellFreed(deps, replaced);
  return { row, event, replaced };
}
