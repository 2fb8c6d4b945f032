import * as booking from '../../schemas/events/booking.v1.ts';
import type { EventContract } from '../../schemas/events/contract.ts';
import * as customer from '../../schemas/events/customer.v1.ts';
import * as homekit from '../../schemas/events/homekit.v1.ts';
import * as labResult from '../../schemas/events/lab-result.v1.ts';
import { NoticeReleased } from '../../schemas/events/notice.v1.ts';
import { ReminderTriggered } from '../../schemas/events/reminder.v1.ts';
import type { Ladder } from '../../shared/domain/reminder.ts';
import type { Subscription } from '../../shared/runtime/function.ts';
import { subscribe } from '../../shared/runtime/route.ts';
import { alertClinician, stopAlerts } from './alert-clinician.ts';
import type { Deps } from './deliver.ts';
import { endBooking } from './end-booking.ts';
import { remindPatient } from './remind-patient.ts';
import { sendReleased } from './send-released.ts';
import { forgetCustomer, tellOfAccount } from './tell-of-account.ts';
import { tellOfBooking } from './tell-of-booking.ts';
import { tellOfDevice } from './tell-of-device.ts';
import { tellOfResult } from './tell-of-result.ts';

/** Every event of the topics this function is a sink of; a type left out would go to the dead letters. */
export function subscriptionsOf(deps: Deps & { readonly ladder: Ladder }): Subscription[] {
  return [
    subscribe(booking.BookingCreated, tellOfBooking(deps)),
    subscribe(booking.BookingRescheduled, tellOfBooking(deps)),
    subscribe(booking.BookingCancelled, tellOfBooking(deps)),
    subscribe(booking.BookingCompleted, endBooking(deps)),
    subscribe(booking.BookingNoShow, endBooking(deps)),
    subscribe(ReminderTriggered, remindPatient(deps)),
    subscribe(NoticeReleased, sendReleased(deps)),
    subscribe(labResult.ResultReleased, tellOfResult(deps)),
    subscribe(labResult.ResultCorrected, tellOfResult(deps)),
    subscribe(labResult.ResultRetracted, tellOfResult(deps)),
    subscribe(labResult.CriticalResultRaised, alertClinician(deps)),
    subscribe(labResult.CriticalResultEscalated, alertClinician(deps)),
    subscribe(labResult.CriticalResultAcknowledged, stopAlerts(deps)),
    subscribe(homekit.HomekitDeviceRegistered, tellOfDevice(deps)),
    subscribe(homekit.HomekitDeviceRejected, tellOfDevice(deps)),
    subscribe(homekit.HomekitDeviceAuthorized, tellOfDevice(deps)),
    subscribe(homekit.HomekitDeviceRevoked, tellOfDevice(deps)),
    subscribe(homekit.TestKitRegistered, tellOfDevice(deps)),
    subscribe(homekit.TestKitRejected, tellOfDevice(deps)),
    subscribe(customer.AccountUpdated, tellOfAccount(deps)),
    subscribe(customer.AccountErased, forgetCustomer(deps)),
    subscribe(customer.ConsentGiven, tellOfAccount(deps)),
    subscribe(customer.ConsentWithdrawn, tellOfAccount(deps)),
    subscribe(customer.OrderPlaced, tellOfAccount(deps)),
    subscribe(customer.OrderShipped, tellOfAccount(deps)),
    subscribe(customer.OrderCancelled, tellOfAccount(deps)),
    ...nobodysNews.map((contract) => subscribe(contract, pass)),
  ];
}

/** A hold; what the customer has just written themselves; a step of an order that another message tells of. */
const nobodysNews: readonly EventContract[] = [
  booking.BookingHeld,
  booking.BookingReleased,
  customer.ProfileChanged,
  customer.PreferencesChanged,
  customer.AddressBounced,
  customer.OrderPaid,
  customer.OrderReopened,
  customer.OrderRegistered,
  customer.OrderResulted,
];

async function pass(): Promise<void> {}
