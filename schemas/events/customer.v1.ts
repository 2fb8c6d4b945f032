import * as z from 'zod';

import { ConsentPurpose, ConsentVersion, Country, Id, Instant, OrderKind, Sealed, Version } from '../fields.ts';
import { eventContract } from './contract.ts';

/**
 * A customer is a patient with an account: `customerId` is the patient's id and the ordering key. `version` is that of the part
 * the event tells of (the account, the profile, the preferences, the consent to one purpose, one order): an event with an
 * older one changes nothing.
 */
const Customer = { customerId: Id, country: Country, version: Version, occurredAt: Instant } as const;
const Order = { ...Customer, orderId: Id, kind: OrderKind } as const;

const published = { source: '/careflow/customer', topic: 'customer-events' } as const;

export const AccountUpdated = eventContract({
  ...published,
  type: 'careflow.account.updated.v1',
  summary: 'An account was opened, suspended or taken up again.',
  data: z.strictObject({ ...Customer, status: z.enum(['active', 'suspended']) }),
});

export const AccountErased = eventContract({
  ...published,
  type: 'careflow.account.erased.v1',
  summary: 'A customer was erased: nothing may be kept of them but what the law wants kept.',
  data: z.strictObject(Customer),
});

export const ProfileChanged = eventContract({
  ...published,
  type: 'careflow.profile.changed.v1',
  summary: 'Name, birth date, time zone or an address of a customer changed. `sealed` holds all of the profile.',
  data: z.strictObject({ ...Customer, sealed: Sealed }),
});

export const PreferencesChanged = eventContract({
  ...published,
  type: 'careflow.preferences.changed.v1',
  summary: 'How a customer wants to be told changed. `sealed` holds all of the preferences.',
  data: z.strictObject({ ...Customer, sealed: Sealed }),
});

export const ConsentGiven = eventContract({
  ...published,
  type: 'careflow.consent.given.v1',
  summary: 'A customer consented to a purpose, in the version of the text that they were shown.',
  data: z.strictObject({
    ...Customer,
    purpose: ConsentPurpose,
    consentVersion: ConsentVersion,
    /** The test kit that was registered with it, where it was given so. */
    testKitId: Id.optional(),
  }),
});

export const ConsentWithdrawn = eventContract({
  ...published,
  type: 'careflow.consent.withdrawn.v1',
  summary: 'A customer no longer consents to a purpose. Without a text where none is known that they consented to.',
  data: z.strictObject({ ...Customer, purpose: ConsentPurpose, consentVersion: ConsentVersion.optional() }),
});

export const AddressBounced = eventContract({
  source: '/careflow/notifications',
  topic: 'customer-events',
  type: 'careflow.address.bounced.v1',
  summary: 'An address of a customer does not take messages, or its owner complained: nothing is sent there.',
  data: z.strictObject({
    customerId: Id,
    country: Country,
    occurredAt: Instant,
    channel: z.enum(['email', 'sms', 'push']),
    /** SHA-256 of channel, colon and address (trimmed, lower case), in hexadecimal. */
    addressHash: z.string().regex(/^[\da-f]{64}$/),
    reason: z.enum(['bounced', 'complained']),
  }),
});

export const OrderPlaced = eventContract({
  ...published,
  type: 'careflow.order.placed.v1',
  summary: 'A test kit or a laboratory panel was ordered.',
  data: z.strictObject(Order),
});

export const OrderPaid = eventContract({
  ...published,
  type: 'careflow.order.paid.v1',
  summary: 'An order was paid.',
  data: z.strictObject(Order),
});

export const OrderReopened = eventContract({
  ...published,
  type: 'careflow.order.reopened.v1',
  summary: 'The test kit of an order, or its sample, is of no use: the order is paid, and another kit is owed.',
  data: z.strictObject(Order),
});

export const OrderShipped = eventContract({
  ...published,
  type: 'careflow.order.shipped.v1',
  summary: 'What was ordered is on its way to the customer.',
  data: z.strictObject(Order),
});

export const OrderRegistered = eventContract({
  ...published,
  type: 'careflow.order.registered.v1',
  summary: 'The customer registered the test kit, or gave the sample for the panel, of an order.',
  data: z.strictObject({ ...Order, testKitId: Id.optional() }),
});

export const OrderResulted = eventContract({
  ...published,
  type: 'careflow.order.resulted.v1',
  summary: 'The result of an order was released to the customer.',
  data: z.strictObject({ ...Order, reportId: Id.optional() }),
});

export const OrderCancelled = eventContract({
  ...published,
  type: 'careflow.order.cancelled.v1',
  summary: 'An order was given up before it was registered.',
  data: z.strictObject(Order),
});
