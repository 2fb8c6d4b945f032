import type { rescheduleBooking as contract } from '../../schemas/api/booking.ts';
import { bookingRescheduled } from '../../shared/db/booking-events.ts';
import { clashOf, findBooking, lockBooking, noSuchBooking, saveBooking, takeTurn } from '../../shared/db/bookings.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { saveAnswer } from '../../shared/db/idempotency-keys.ts';
import { enqueue, type OutgoingEvent } from '../../shared/db/outbox.ts';
import { bookingOutbox, type BookingRow } from '../../shared/db/schema/booking.ts';
import { planReschedule, refusal } from '../../shared/domain/booking.ts';
import type { Operation, RequestContext } from '../../shared/runtime/function.ts';
import { mustReach } from './access.ts';
import { actor } from './actor.ts';
import type { Deps } from './deps.ts';
import { represent } from './representation.ts';
import { rangeText, settleOthers, tellFreed } from './take-slot.ts';
import { mustMatch } from './version.ts';

type Input = { country: string; id: string; slotStart: Temporal.Instant; sameSpecialty: 'refuse' | 'keep' };
type Moved = { booking: BookingRow; events: OutgoingEvent[] };

/** `POST /{country}/bookings/{id}/reschedule`: the new slot is taken and the old one freed, or nothing changes. */
export function rescheduleBooking(deps: Deps): Operation<typeof contract> {
  return async (input, context) => {
    const known = await findBooking(deps.db, input.country, input.id);
    if (known === undefined) throw noSuchBooking();
    await mustReach(deps.lookups, context.caller, known);
    const wanted = { ...input, slotStart: Temporal.Instant.from(input.slotStart) };
    let moved: Moved | undefined;
    const clash = await clashOf(async () => {
      moved = await deps.db.transaction((tx) => move(deps, tx, { wanted, known }, context));
    });
    if (moved === undefined) throw refusal(clash === 'patient-overlap' ? [{ code: clash }] : [{ code: 'slot-taken' }]);
    await tellFreed(deps, moved.events);
    deps.publish(moved.events.map(({ partitionKey }) => partitionKey));
    return { body: represent(moved.booking) };
  };
}

async function move(
  deps: Deps,
  tx: Queryable,
  { wanted, known }: { wanted: Input; known: BookingRow },
  context: RequestContext,
): Promise<Moved> {
  const now = deps.now();
  await takeTurn(tx, known);
  const former = await lockBooking(tx, wanted.country, wanted.id);
  mustMatch(former, context.ifMatch);
  const practice = await deps.lookups.practice(wanted.country, former);
  const request = { ...former, slotStart: wanted.slotStart };
  const { facts, events: released } = await settleOthers(tx, request, practice, { now, context });
  const { specialtyWindow, ...planned } = planReschedule(former, wanted, { ...facts, caller: context.caller });
  const window = specialtyWindow && rangeText(specialtyWindow);
  const booking = { ...former, ...planned, specialtyWindow: window, ...actor(context), updatedAt: now };
  await saveBooking(tx, { former, next: booking });
  const event = bookingRescheduled(booking, former, context.traceparent);
  await enqueue(tx, bookingOutbox, [event]);
  await saveAnswer(tx, context.idempotency, { status: 200, body: represent(booking) });
  const events = [...released, event];
  await tellFreed(deps, events);
  return { booking, events };
}
