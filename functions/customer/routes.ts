import * as api from '../../schemas/api/customer.ts';
import type { Route } from '../../shared/runtime/function.ts';
import { route } from '../../shared/runtime/route.ts';
import { giveConsent, listConsents, withdrawConsent } from './consents.ts';
import type { Deps } from './deps.ts';
import { getAccount } from './get-account.ts';
import { getOrder } from './get-order.ts';
import { listOrders } from './list-orders.ts';
import { moveOrder } from './move-order.ts';
import { placeOrder } from './place-order.ts';
import { getPreferences, putPreferences } from './preferences.ts';
import { putProfile } from './put-profile.ts';
import { listSessions, revokeOtherSessions, revokeSession } from './sessions.ts';

export function routesOf(deps: Deps): Route[] {
  return [
    route(api.getAccount, getAccount(deps)),
    route(api.putProfile, putProfile(deps)),
    route(api.getPreferences, getPreferences(deps)),
    route(api.putPreferences, putPreferences(deps)),
    route(api.listConsents, listConsents(deps)),
    route(api.giveConsent, giveConsent(deps)),
    route(api.withdrawConsent, withdrawConsent(deps)),
    route(api.listSessions, listSessions(deps)),
    route(api.revokeSession, revokeSession(deps)),
    route(api.revokeOtherSessions, revokeOtherSessions(deps)),
    route(api.placeOrder, placeOrder(deps)),
    route(api.getOrder, getOrder(deps)),
    route(api.listOrders, listOrders(deps)),
    route(api.payOrder, moveOrder(deps, 'paid')),
    route(api.shipOrder, moveOrder(deps, 'shipped')),
    route(api.registerOrder, moveOrder(deps, 'registered')),
    route(api.resultOrder, moveOrder(deps, 'resulted')),
    route(api.cancelOrder, moveOrder(deps, 'cancelled')),
  ];
}
