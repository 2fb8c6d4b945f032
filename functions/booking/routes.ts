import * as api from '../../schemas/api/booking.ts';
import type { Route } from '../../shared/runtime/function.ts';
import { route } from '../../shared/runtime/route.ts';
import { cancelBooking } from './cancel-booking.ts';
import { completeBooking } from './complete-booking.ts';
import { createBooking } from './create-booking.ts';
import type { Deps } from './deps.ts';
import { getBooking } from './get-booking.ts';
import { holdSlot } from './hold-slot.ts';
import { listBookings } from './list-bookings.ts';
import { recordNoShow } from './record-no-show.ts';
import { releaseHold } from './release-hold.ts';
import { rescheduleBooking } from './reschedule-booking.ts';

export function routesOf(deps: Deps): Route[] {
  return [
    route(api.createBooking, createBooking(deps)),
    route(api.getBooking, getBooking(deps)),
    route(api.listBookings, listBookings(deps)),
    route(api.cancelBooking, cancelBooking(deps)),
    route(api.rescheduleBooking, rescheduleBooking(deps)),
    route(api.completeBooking, completeBooking(deps)),
    route(api.recordNoShow, recordNoShow(deps)),
    route(api.holdSlot, holdSlot(deps)),
    route(api.releaseHold, releaseHold(deps)),
  ];
}
