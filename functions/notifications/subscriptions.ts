import * as booking from '../../schemas/events/booking.v1.ts';
import { ReminderTriggered } from '../../schemas/events/reminder.v1.ts';
import type { Ladder } from '../../shared/domain/reminder.ts';
import type { Subscription } from '../../shared/runtime/function.ts';
import { subscribe } from '../../shared/runtime/route.ts';
import type { Deps } from './deliver.ts';
import { endBooking, passHold } from './end-booking.ts';
import { remindPatient } from './remind-patient.ts';
import { tellOfBooking } from './tell-of-booking.ts';

/** Every event of the topics this function is a sink of; a type left out would go to the dead letters. */
export function subscriptionsOf(deps: Deps & { readonly ladder: Ladder }): Subscription[] {
  return [
    subscribe(booking.BookingCreated, tellOfBooking(deps)),
    subscribe(booking.BookingRescheduled, tellOfBooking(deps)),
    subscribe(booking.BookingCancelled, tellOfBooking(deps)),
    subscribe(booking.BookingCompleted, endBooking(deps)),
    subscribe(booking.BookingNoShow, endBooking(deps)),
    subscribe(booking.BookingHeld, passHold),
    subscribe(booking.BookingReleased, passHold),
    subscribe(ReminderTriggered, remindPatient(deps)),
  ];
}
