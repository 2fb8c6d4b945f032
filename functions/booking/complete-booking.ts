import type { completeBooking as contract } from '../../schemas/api/booking.ts';
import { bookingCompleted } from '../../shared/db/booking-events.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import type { Deps } from './deps.ts';
import { endVisit } from './end-visit.ts';

/** `POST /{country}/bookings/{id}/complete`: the visit took place. */
export function completeBooking(deps: Deps): Operation<typeof contract> {
  return endVisit(deps, { status: 'completed', tell: bookingCompleted });
}
