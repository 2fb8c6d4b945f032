import * as z from 'zod';

import { ConsentVersion, Id, Instant, PathCountry, Version } from '../fields.ts';
import type { OperationContract } from './contract.ts';

const HexKey = z
  .string()
  .max(64)
  .regex(/^[0-9a-fA-F]{64}$/)
  .meta({ description: '32 bytes in hexadecimal' });

const Signature = z
  .string()
  .max(128)
  .regex(/^[0-9a-fA-F]{128}$/)
  .meta({ description: '64 bytes in hexadecimal' });

const Nonce = z
  .string()
  .max(43)
  .regex(/^[\w-]{43}$/)
  .meta({ description: '32 bytes in base64url' });

/** Text that is printed on a thing: no line breaks, no blanks around it. */
const printed = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\s\p{C}](?:[^\p{C}]*[^\s\p{C}])?$/u);

const Scope = z.enum(['device:read', 'device:control', 'measurements:read']);

/** What a request is answered once it is kept. */
const accepted = <Statuses extends z.ZodType>(status: Statuses, id: string) =>
  z.strictObject({ id: Id, status }).meta({ id });

const DeviceStatus = z.enum(['received', 'awaiting-proof', 'registered', 'rejected', 'revoked']);

const Challenge = z
  .strictObject({ nonce: Nonce, expiresAt: Instant })
  .meta({ id: 'DeviceChallenge', description: 'To be answered once, by `proof`' });

const Grant = z
  .strictObject({
    id: Id,
    granteeId: Id,
    role: z.enum(['owner', 'user', 'guest']),
    scopes: z.array(Scope),
    expiresAt: Instant.nullable(),
    status: z.enum(['received', 'active', 'transferred', 'refused', 'replaced', 'revoked']),
    reasons: z.array(z.string()),
  })
  .meta({ id: 'DeviceGrant' });

export const Device = z
  .strictObject({
    id: Id,
    status: DeviceStatus,
    version: Version,
    patientId: Id.meta({ description: 'The owner' }),
    model: z.string(),
    serialNumber: z.string(),
    category: z.int().nullable().meta({ description: 'Of the accessory, 1 to 36; null where the payload has a fault' }),
    challenge: Challenge.nullable(),
    proof: z.strictObject({
      failures: z.int().nonnegative(),
      lastRefusal: z.string().nullable(),
      retryAt: Instant.nullable(),
    }),
    rejection: z.strictObject({ reason: z.string(), detail: z.string().nullable() }).nullable(),
    revokedBecause: z.string().nullable(),
    grants: z
      .array(Grant)
      .meta({ description: 'Those that the owner made or was made, a hundred at the most; their own for a grantee' }),
  })
  .meta({ id: 'HomekitDevice' });

export const TestKit = z
  .strictObject({
    id: Id,
    status: z.enum(['received', 'registered', 'collected', 'posted', 'accessioned', 'rejected', 'resulted']),
    version: Version,
    patientId: Id,
    kitCode: z.string(),
    testKitId: Id.nullable(),
    orderId: Id.nullable(),
    collectedAt: Instant.nullable(),
    rejection: z.strictObject({ reason: z.string(), details: z.array(z.string()) }).nullable(),
    replacement: z.strictObject({ offerId: Id, offeredAt: Instant }).nullable(),
    custody: z.array(
      z.strictObject({ step: z.string(), happenedAt: Instant, recordedAt: Instant, reason: z.string().nullable() }),
    ),
  })
  .meta({ id: 'TestKitRegistration' });

export const CustodyScan = z
  .strictObject({
    id: Id,
    status: z.enum(['received', 'recorded', 'refused']),
    testKitId: Id,
    step: z.string(),
    happenedAt: Instant,
    refusedBecause: z.string().nullable(),
  })
  .meta({ id: 'CustodyScan' });

const country = z.strictObject({ country: PathCountry });
const one = z.strictObject({ country: PathCountry, id: Id });

const people = ['patient', 'staff', 'system', 'admin'] as const;
const writes = { scope: 'homekit:write', roles: people } as const;
const reads = { scope: 'homekit:read', roles: people, method: 'GET', status: 200 } as const;

export const registerDevice = {
  ...writes,
  id: 'registerDevice',
  method: 'POST',
  path: '/{country}/homekit/devices',
  summary: 'Asks for a connected device to be registered; it is sent a nonce to prove that it holds its key',
  params: country,
  body: z.strictObject({
    patientId: Id,
    setupPayload: z
      .string()
      .max(20)
      .regex(/^X-HM:\/\/[0-9A-Z]{13}$/)
      .meta({ description: 'Of the label. The setup code in it is kept nowhere' }),
    model: printed(64),
    serialNumber: printed(64),
    ltpk: HexKey.meta({ description: 'The accessory’s long-term public key (Ed25519), 32 bytes in hexadecimal' }),
    pairingId: z
      .string()
      .max(17)
      .regex(/^[0-9A-F]{2}(?::[0-9A-F]{2}){5}$/)
      .meta({ description: 'The accessory’s pairing identifier' }),
  }),
  status: 202,
  output: accepted(DeviceStatus, 'AcceptedDevice'),
  refusals: [404, 409, 422],
} as const satisfies OperationContract;

export const getDevice = {
  ...reads,
  id: 'getDevice',
  path: '/{country}/homekit/devices/{id}',
  summary: 'Reads a device: its owner, and who was granted its use',
  params: one,
  output: Device,
  refusals: [404],
} as const satisfies OperationContract;

export const revokeDevice = {
  ...writes,
  id: 'revokeDevice',
  method: 'DELETE',
  path: '/{country}/homekit/devices/{id}',
  summary: 'Withdraws a device, and every grant on it',
  params: one,
  status: 204,
  refusals: [404, 412],
} as const satisfies OperationContract;

export const proveDevice = {
  ...writes,
  id: 'proveDevice',
  method: 'POST',
  path: '/{country}/homekit/devices/{id}/proof',
  summary: 'Hands in the nonce as the accessory signed it. After five failures proofs have to wait',
  params: one,
  body: z.strictObject({
    nonce: Nonce,
    accessoryKey: HexKey.meta({ description: 'The accessory’s ephemeral public key of pair-verify (X25519)' }),
    signature: Signature.meta({ description: 'Over accessoryKey, pairing identifier and the key made of the nonce' }),
  }),
  status: 202,
  output: accepted(z.enum(['received', 'accepted', 'refused']), 'AcceptedProof'),
  refusals: [404, 409, 422],
} as const satisfies OperationContract;

export const renewChallenge = {
  ...writes,
  id: 'renewChallenge',
  method: 'POST',
  path: '/{country}/homekit/devices/{id}/challenge',
  summary: 'Sends another nonce, after the last one expired or a proof failed',
  params: one,
  status: 201,
  output: Challenge,
  refusals: [404, 409, 422],
} as const satisfies OperationContract;

export const grantDevice = {
  ...writes,
  id: 'grantDevice',
  method: 'POST',
  path: '/{country}/homekit/devices/{id}/grants',
  summary: 'Lets somebody use a device',
  params: one,
  body: z.strictObject({
    granteeId: Id,
    role: z.enum(['user', 'guest']).default('user'),
    scopes: z.array(Scope).min(1).max(3).optional().meta({ description: 'All that the role may have when absent' }),
    expiresAt: Instant.optional().meta({ description: 'A guest needs one, within 30 days' }),
  }),
  status: 202,
  output: accepted(z.enum(['received', 'active', 'refused']), 'AcceptedGrant'),
  refusals: [404, 409, 422],
} as const satisfies OperationContract;

export const revokeGrant = {
  ...writes,
  id: 'revokeGrant',
  method: 'DELETE',
  path: '/{country}/homekit/devices/{id}/grants/{grantId}',
  summary: 'Withdraws a grant; whoever has it may give it up too',
  params: z.strictObject({ country: PathCountry, id: Id, grantId: Id }),
  status: 204,
  refusals: [404],
} as const satisfies OperationContract;

export const transferDevice = {
  ...writes,
  id: 'transferDevice',
  method: 'POST',
  path: '/{country}/homekit/devices/{id}/transfer',
  summary: 'Gives a device to another owner and ends every grant on it',
  params: one,
  body: z.strictObject({ granteeId: Id.meta({ description: 'The owner to be' }) }),
  status: 202,
  output: accepted(z.enum(['received', 'transferred', 'refused']), 'AcceptedTransfer'),
  refusals: [404, 409, 422],
} as const satisfies OperationContract;

export const registerTestKit = {
  ...writes,
  id: 'registerTestKit',
  method: 'POST',
  path: '/{country}/homekit/test-kits',
  summary: 'Claims a home test kit for a person and asks for it to be registered',
  params: country,
  body: z.strictObject({
    patientId: Id,
    kitCode: z.string().max(40).meta({ description: 'As printed on the kit; blanks and hyphens do not matter' }),
    consentVersion: ConsentVersion.meta({ description: 'Of the consent text that the person agreed to' }),
  }),
  status: 202,
  output: accepted(TestKit.shape.status, 'AcceptedTestKit'),
  refusals: [404, 409, 422],
} as const satisfies OperationContract;

export const getTestKit = {
  ...reads,
  id: 'getTestKit',
  path: '/{country}/homekit/test-kits/{id}',
  summary: 'Reads the registration of a test kit, with its chain of custody',
  params: one,
  output: TestKit,
  refusals: [404],
} as const satisfies OperationContract;

export const scanCustody = {
  ...writes,
  id: 'scanCustody',
  method: 'POST',
  path: '/{country}/homekit/custody-scans',
  summary:
    'Hands in a step of a kit’s chain of custody; who registered the kit may say that it was collected and posted',
  params: country,
  body: z.strictObject({
    code: printed(40).meta({ description: 'Of the kit, or the barcode of its sample' }),
    step: z.enum(['ordered', 'shipped', 'delivered', 'collected', 'posted', 'accessioned', 'rejected', 'resulted']),
    happenedAt: Instant,
    reason: z
      .enum(['damaged', 'leaked', 'insufficient-sample', 'mislabelled', 'lost'])
      .optional()
      .meta({ description: 'Needed with `rejected`, and only there' }),
    orderId: Id.optional().meta({ description: 'Whom the kit is for, with `ordered` or `shipped`' }),
  }),
  status: 202,
  output: accepted(z.enum(['received', 'recorded', 'refused']), 'AcceptedScan'),
  refusals: [404, 422],
} as const satisfies OperationContract;

export const getCustodyScan = {
  ...reads,
  id: 'getCustodyScan',
  path: '/{country}/homekit/custody-scans/{id}',
  summary: 'Reads what became of a scan',
  params: one,
  output: CustodyScan,
  refusals: [404],
} as const satisfies OperationContract;
