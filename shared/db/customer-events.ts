import { randomUUIDv7 } from 'node:crypto';

import type { EventContract, EventOf } from '../../schemas/events/contract.ts';
import {
  AccountErased,
  AccountUpdated,
  ConsentGiven,
  ConsentWithdrawn,
  OrderCancelled,
  OrderPaid,
  OrderPlaced,
  OrderRegistered,
  OrderReopened,
  OrderResulted,
  OrderShipped,
  PreferencesChanged,
  ProfileChanged,
} from '../../schemas/events/customer.v1.ts';
import type { OrderStatus } from '../domain/order.ts';
import type { AccountRow } from './accounts.ts';
import { outgoing, type OutgoingEvent } from './outbox.ts';
import type { ConsentRow, OrderRow } from './schema/account.ts';

/** A part of a customer that changed: whose, to which version, when. */
export type CustomerChange = {
  readonly patientId: string;
  readonly country: string;
  readonly version: number;
  readonly changedAt: Temporal.Instant;
};

/** Of a new state that is not `erased`: `accountErased` tells of that. */
export function accountUpdated(account: AccountRow, traceparent: string): OutgoingEvent {
  const status = account.status === 'suspended' ? 'suspended' : 'active';
  return about(AccountUpdated, account, { ...factsOf(account), status }, traceparent);
}

export function accountErased(account: AccountRow, traceparent: string): OutgoingEvent {
  return about(AccountErased, account, factsOf(account), traceparent);
}

/** @param sealed all of the new profile. */
export function profileChanged(change: CustomerChange, sealed: string, traceparent: string): OutgoingEvent {
  return about(ProfileChanged, change, { ...factsOf(change), sealed }, traceparent);
}

/** @param sealed all of the new preferences. */
export function preferencesChanged(change: CustomerChange, sealed: string, traceparent: string): OutgoingEvent {
  return about(PreferencesChanged, change, { ...factsOf(change), sealed }, traceparent);
}

/** @param testKitId the kit that was registered with the consent, where it was given so. */
export function consentDecided(consent: ConsentRow, traceparent: string, testKitId?: string): OutgoingEvent {
  const change = { ...consent, changedAt: consent.occurredAt };
  const { purpose, decision, consentVersion } = consent;
  const facts = { ...factsOf(change), purpose };
  if (consentVersion === null) return about(ConsentWithdrawn, change, facts, traceparent);
  if (decision === 'withdrawn') return about(ConsentWithdrawn, change, { ...facts, consentVersion }, traceparent);
  const given = { ...facts, consentVersion, ...(testKitId !== undefined && { testKitId }) };
  return about(ConsentGiven, change, given, traceparent);
}

/** Tells that another kit is owed. */
export function orderReopened(order: OrderRow, traceparent: string): OutgoingEvent {
  const { id, kind } = order;
  return about(OrderReopened, order, { ...factsOf(order), orderId: id, kind }, traceparent, id);
}

/** Tells of the state an order has entered. */
export function orderMoved(order: OrderRow, traceparent: string): OutgoingEvent {
  const { id, kind, status, testKitId, reportId } = order;
  const facts = {
    ...factsOf(order),
    orderId: id,
    kind,
    ...(status === 'registered' && testKitId !== null && { testKitId }),
    ...(status === 'resulted' && reportId !== null && { reportId }),
  };
  return about(ORDER_EVENTS[status], order, facts, traceparent, id);
}

const ORDER_EVENTS = {
  placed: OrderPlaced,
  paid: OrderPaid,
  shipped: OrderShipped,
  registered: OrderRegistered,
  resulted: OrderResulted,
  cancelled: OrderCancelled,
} as const satisfies Readonly<Record<OrderStatus, CustomerContract>>;

type CustomerContract = EventContract & { readonly source: string; readonly topic: string };

function about<Contract extends CustomerContract>(
  contract: Contract,
  { patientId, changedAt }: CustomerChange,
  data: EventOf<Contract>['data'],
  traceparent: string,
  subject = patientId,
): OutgoingEvent {
  return outgoing(contract, {
    id: randomUUIDv7(),
    subject,
    partitionKey: patientId,
    time: changedAt,
    traceparent,
    data,
  });
}

function factsOf({ patientId, country, version, changedAt }: CustomerChange) {
  return { customerId: patientId, country, version, occurredAt: changedAt.toString() };
}
