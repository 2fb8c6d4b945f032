import * as customer from '../../schemas/events/customer.v1.ts';
import * as homekit from '../../schemas/events/homekit.v1.ts';
import * as results from '../../schemas/events/lab-result.v1.ts';
import type { Subscription } from '../../shared/runtime/function.ts';
import { subscribe } from '../../shared/runtime/route.ts';
import {
  applyAccount,
  applyBounce,
  applyConsent,
  applyErasure,
  applyPreferences,
  applyProfile,
  passOrder,
} from './apply.ts';
import type { Deps } from './deps.ts';
import { letGoOfKit, passNews, registerKit, resultKit } from './follow-kit.ts';

export function subscriptionsOf(deps: Deps): Subscription[] {
  return [
    subscribe(customer.AccountUpdated, applyAccount(deps)),
    subscribe(customer.AccountErased, applyErasure(deps)),
    subscribe(customer.ProfileChanged, applyProfile(deps)),
    subscribe(customer.PreferencesChanged, applyPreferences(deps)),
    subscribe(customer.ConsentGiven, applyConsent(deps, 'given')),
    subscribe(customer.ConsentWithdrawn, applyConsent(deps, 'withdrawn')),
    subscribe(customer.AddressBounced, applyBounce(deps)),
    subscribe(homekit.TestKitRegistered, registerKit(deps)),
    subscribe(homekit.TestKitRejected, letGoOfKit(deps)),
    subscribe(results.ResultReleased, resultKit(deps)),
    ...passed.map((contract) => subscribe(contract, contract.topic === 'customer-events' ? passOrder : passNews)),
  ];
}

/** What is left out here and above goes to the dead letters. */
const passed = [
  customer.OrderPlaced,
  customer.OrderPaid,
  customer.OrderReopened,
  customer.OrderShipped,
  customer.OrderRegistered,
  customer.OrderResulted,
  customer.OrderCancelled,
  homekit.HomekitDeviceRegistered,
  homekit.HomekitDeviceRejected,
  homekit.HomekitDeviceAuthorized,
  homekit.HomekitDeviceRevoked,
  results.ResultCorrected,
  results.ResultRetracted,
  results.CriticalResultRaised,
  results.CriticalResultEscalated,
  results.CriticalResultAcknowledged,
] as const;
