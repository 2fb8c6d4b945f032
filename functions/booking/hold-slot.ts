import type { holdSlot as contract } from '../../schemas/api/booking.ts';
import { bookingHeld } from '../../shared/db/booking-events.ts';
import type { BookingRow } from '../../shared/db/schema/booking.ts';
import { planHold } from '../../shared/domain/booking.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { mustSelect } from './access.ts';
import type { Deps } from './deps.ts';
import { takeSlot } from './take-slot.ts';

/** `POST /{country}/holds`: reserves a free slot for a patient until the hold expires. */
export function holdSlot(deps: Deps): Operation<typeof contract> {
  return async ({ country, slotStart, ...input }, context) => {
    await mustSelect(deps.lookups, context.caller, input);
    const request = { ...input, slotStart: Temporal.Instant.from(slotStart) };
    const [practice] = await Promise.all([
      deps.lookups.practice(country, request),
      deps.lookups.mustBePatient(country, request.patientId),
    ]);
    const hold = await takeSlot(
      deps,
      {
        request,
        practice,
        plan: (facts) => planHold(request, facts, deps.holdMinutes),
        tell: bookingHeld,
        answer: (row) => ({ status: 201, body: representHold(row) }),
        needsOthers: false,
      },
      context,
    );
    return { body: representHold(hold) };
  };
}

function representHold({ id, holdExpiresAt, updatedAt }: BookingRow): { id: string; expiresAt: string } {
  return { id, expiresAt: (holdExpiresAt ?? updatedAt).toString() };
}
