import type { recordNoShow as contract } from '../../schemas/api/booking.ts';
import { bookingNoShow } from '../../shared/db/booking-events.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import type { Deps } from './deps.ts';
import { endVisit } from './end-visit.ts';

/** `POST /{country}/bookings/{id}/no-show`: the patient did not come. */
export function recordNoShow(deps: Deps): Operation<typeof contract> {
  return endVisit(deps, { status: 'no_show', tell: bookingNoShow });
}
