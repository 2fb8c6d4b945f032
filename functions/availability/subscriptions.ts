import * as booking from '../../schemas/events/booking.v1.ts';
import { PractitionerScheduleChanged } from '../../schemas/events/practitioner.v1.ts';
import type { Subscription } from '../../shared/runtime/function.ts';
import { subscribe } from '../../shared/runtime/route.ts';
import { applyBooking } from './apply-booking.ts';
import { applyScheduleChange } from './apply-schedule-change.ts';
import type { Deps } from './deps.ts';

/** Every event of the topics this function is a sink of. What took place or should have, took its time all the same. */
export function subscriptionsOf(deps: Deps): Subscription[] {
  const takesTime = applyBooking(deps, { active: true });
  const leavesTime = applyBooking(deps, { active: false });
  return [
    subscribe(booking.BookingCreated, takesTime),
    subscribe(booking.BookingHeld, takesTime),
    subscribe(booking.BookingRescheduled, takesTime),
    subscribe(booking.BookingCompleted, takesTime),
    subscribe(booking.BookingNoShow, takesTime),
    subscribe(booking.BookingCancelled, leavesTime),
    subscribe(booking.BookingReleased, leavesTime),
    subscribe(PractitionerScheduleChanged, applyScheduleChange(deps)),
  ];
}
