import * as z from 'zod';

import {
  ConsentPurpose,
  ConsentVersion,
  Id,
  Instant,
  OrderKind,
  PathCountry,
  Version,
  wholeNumber,
} from '../fields.ts';
import { Preferences, Profile } from '../customer.ts';
import type { OperationContract } from './contract.ts';

const country = z.strictObject({ country: PathCountry });
const one = z.strictObject({ country: PathCountry, id: Id });
const ofOne = z.strictObject({
  patientId: Id.optional().meta({ description: 'Whom the caller acts for; themselves when absent' }),
});

const AddressState = z
  .strictObject({
    channel: z.enum(['email', 'sms', 'push']),
    isVerified: z.boolean(),
    suppressed: z
      .enum(['bounced', 'complained'])
      .optional()
      .meta({ description: 'Why nothing is sent there; give another address' }),
  })
  .meta({ id: 'AddressState' });

const Account = z
  .strictObject({
    id: Id,
    status: z.enum(['active', 'suspended']),
    ...Profile.shape,
    version: Version,
    addresses: z.array(AddressState),
  })
  .meta({ id: 'Account' });

const OwnPreferences = z.strictObject({ ...Preferences.shape, version: Version }).meta({ id: 'Preferences' });

export const Consent = z
  .strictObject({
    purpose: ConsentPurpose,
    decision: z.enum(['given', 'withdrawn']),
    consentVersion: ConsentVersion.optional().meta({
      description: 'Absent where what was withdrawn is not known to have been consented to',
    }),
    decidedAt: Instant,
    version: Version,
  })
  .meta({ id: 'Consent' });

const Session = z
  .strictObject({
    id: Id,
    startedAt: Instant,
    lastUsedAt: Instant.meta({ description: 'To the minute' }),
    expiresAt: Instant.meta({ description: 'At the latest; sooner where it is not used' }),
    isCurrent: z.boolean(),
  })
  .meta({ id: 'Session' });

const OrderStatus = z.enum(['placed', 'paid', 'shipped', 'registered', 'resulted', 'cancelled']);

const Item = z
  .string()
  .max(64)
  .regex(/^[a-z\d][a-z\d-]*$/)
  .meta({ id: 'Item', description: 'Which kit or panel, as the catalogue names it', example: 'kit-ferritin' });

const Reference = z
  .string()
  .max(100)
  .regex(/^[\w.:/-]+$/)
  .meta({ id: 'Reference', description: 'As the other side names it', example: 'pay_7Yb2' });

export const Order = z
  .strictObject({
    id: Id,
    patientId: Id,
    kind: OrderKind,
    item: Item,
    status: OrderStatus,
    version: Version,
    placedAt: Instant,
    changedAt: Instant,
    paymentReference: Reference.optional(),
    shipmentReference: Reference.optional(),
    testKitId: Id.optional(),
    reportId: Id.optional(),
  })
  .meta({ id: 'Order' });

const people = ['patient', 'practitioner', 'staff', 'admin'] as const;
const readsAccount = { scope: 'account:read', roles: ['patient'] } as const;
const writesAccount = { scope: 'account:write', roles: ['patient'] } as const;
const readsOrders = { scope: 'orders:read', roles: ['patient', 'staff', 'system', 'admin'] } as const;
const writesOrders = { scope: 'orders:write', roles: ['patient', 'staff', 'system', 'admin'] } as const;
/** What only who pays, sends and examines can know. */
const movesOrders = { scope: 'orders:write', roles: ['staff', 'system', 'admin'] } as const;

export const getAccount = {
  ...readsAccount,
  id: 'getAccount',
  method: 'GET',
  path: '/{country}/me',
  summary: "Reads the caller's account and profile",
  params: country,
  status: 200,
  output: Account,
  refusals: [404],
} as const satisfies OperationContract;

export const putProfile = {
  ...writesAccount,
  id: 'putProfile',
  method: 'PUT',
  path: '/{country}/me',
  summary: "Writes the caller's whole profile; the first time it opens the account",
  params: country,
  body: Profile,
  status: 200,
  output: Account,
  refusals: [404, 412],
} as const satisfies OperationContract;

export const getPreferences = {
  ...readsAccount,
  id: 'getPreferences',
  method: 'GET',
  path: '/{country}/me/preferences',
  summary: 'Reads how the caller wants to be told',
  params: country,
  status: 200,
  output: OwnPreferences,
  refusals: [404],
} as const satisfies OperationContract;

export const putPreferences = {
  ...writesAccount,
  id: 'putPreferences',
  method: 'PUT',
  path: '/{country}/me/preferences',
  summary: 'Writes how the caller wants to be told, as a whole',
  params: country,
  body: Preferences,
  status: 200,
  output: OwnPreferences,
  refusals: [404, 412],
} as const satisfies OperationContract;

export const listConsents = {
  ...readsAccount,
  id: 'listConsents',
  method: 'GET',
  path: '/{country}/me/consents',
  summary: 'Lists what holds for each purpose that the caller, or whom they act for, decided on',
  params: country,
  query: ofOne,
  status: 200,
  output: z.strictObject({ items: z.array(Consent) }).meta({ id: 'Consents' }),
  refusals: [404],
} as const satisfies OperationContract;

export const giveConsent = {
  ...writesAccount,
  id: 'giveConsent',
  method: 'POST',
  path: '/{country}/me/consents',
  summary: 'Consents to a purpose, in the version of the text that was shown',
  params: country,
  body: z.strictObject({ purpose: ConsentPurpose, consentVersion: ConsentVersion }),
  status: 201,
  output: Consent,
  refusals: [404, 409, 422],
} as const satisfies OperationContract;

export const withdrawConsent = {
  ...writesAccount,
  id: 'withdrawConsent',
  method: 'DELETE',
  path: '/{country}/me/consents/{purpose}',
  summary: 'Withdraws a consent, also one that was given with a test kit; it holds no more from the answer on',
  params: z.strictObject({ country: PathCountry, purpose: ConsentPurpose }),
  query: ofOne,
  status: 204,
  refusals: [404],
} as const satisfies OperationContract;

export const listSessions = {
  scope: 'account:read',
  roles: people,
  id: 'listSessions',
  method: 'GET',
  path: '/{country}/me/sessions',
  summary: 'Lists where the caller is signed in',
  params: country,
  status: 200,
  output: z.strictObject({ items: z.array(Session) }).meta({ id: 'Sessions' }),
  refusals: [404],
} as const satisfies OperationContract;

export const revokeSession = {
  scope: 'account:write',
  roles: people,
  id: 'revokeSession',
  method: 'DELETE',
  path: '/{country}/me/sessions/{id}',
  summary: 'Signs one session of the caller out',
  params: one,
  status: 204,
  refusals: [404],
} as const satisfies OperationContract;

export const revokeOtherSessions = {
  scope: 'account:write',
  roles: people,
  id: 'revokeOtherSessions',
  method: 'DELETE',
  path: '/{country}/me/sessions',
  summary: 'Signs the caller out everywhere but here',
  params: country,
  status: 200,
  output: z.strictObject({ revoked: z.int().nonnegative() }).meta({ id: 'RevokedSessions' }),
  refusals: [404],
} as const satisfies OperationContract;

export const placeOrder = {
  ...writesOrders,
  id: 'placeOrder',
  method: 'POST',
  path: '/{country}/orders',
  summary: 'Orders a test kit or a laboratory panel for a patient',
  params: country,
  body: z.strictObject({ patientId: Id, kind: OrderKind, item: Item }),
  status: 201,
  output: Order,
  refusals: [404, 409, 422],
} as const satisfies OperationContract;

export const getOrder = {
  ...readsOrders,
  id: 'getOrder',
  method: 'GET',
  path: '/{country}/orders/{id}',
  summary: 'Reads an order',
  params: one,
  status: 200,
  output: Order,
  refusals: [404],
} as const satisfies OperationContract;

export const listOrders = {
  ...readsOrders,
  id: 'listOrders',
  method: 'GET',
  path: '/{country}/orders',
  summary: 'Lists orders by when they were placed, a page at a time',
  params: country,
  query: z.strictObject({
    patientId: Id.optional(),
    status: OrderStatus.optional(),
    cursor: z.string().max(200).optional(),
    limit: wholeNumber({ min: 1, max: 100, absent: 20 }),
  }),
  status: 200,
  output: z.strictObject({ items: z.array(Order), nextCursor: z.string().nullable() }).meta({ id: 'OrderPage' }),
  refusals: [404],
} as const satisfies OperationContract;

export const payOrder = {
  ...movesOrders,
  id: 'payOrder',
  method: 'POST',
  path: '/{country}/orders/{id}/pay',
  summary: 'Notes that an order was paid, by the reference of whoever took the payment; noted again, it stays as it is',
  params: one,
  body: z.strictObject({ paymentReference: Reference }),
  status: 200,
  output: Order,
  refusals: [404, 409, 412, 422],
} as const satisfies OperationContract;

export const shipOrder = {
  ...movesOrders,
  id: 'shipOrder',
  method: 'POST',
  path: '/{country}/orders/{id}/ship',
  summary: 'Notes that a test kit was sent, and which',
  params: one,
  body: z.strictObject({ shipmentReference: Reference, testKitId: Id.optional() }),
  status: 200,
  output: Order,
  refusals: [404, 409, 412, 422],
} as const satisfies OperationContract;

export const registerOrder = {
  ...movesOrders,
  id: 'registerOrder',
  method: 'POST',
  path: '/{country}/orders/{id}/register',
  summary: 'Notes that the kit was registered, or the sample for the panel taken',
  params: one,
  body: z.strictObject({ testKitId: Id.optional() }),
  status: 200,
  output: Order,
  refusals: [404, 409, 412, 422],
} as const satisfies OperationContract;

export const resultOrder = {
  ...movesOrders,
  id: 'resultOrder',
  method: 'POST',
  path: '/{country}/orders/{id}/result',
  summary: 'Notes that the result was released to the patient',
  params: one,
  body: z.strictObject({ reportId: Id.optional() }),
  status: 200,
  output: Order,
  refusals: [404, 409, 412, 422],
} as const satisfies OperationContract;

export const cancelOrder = {
  ...writesOrders,
  id: 'cancelOrder',
  method: 'POST',
  path: '/{country}/orders/{id}/cancel',
  summary: 'Gives an order up: the patient until it is shipped, the office until it is registered',
  params: one,
  body: z.strictObject({}),
  status: 200,
  output: Order,
  refusals: [404, 409, 412, 422],
} as const satisfies OperationContract;
