import type * as z from 'zod';

import { type CustodyScan, type Device, TestKit } from '../../schemas/api/homekit.ts';
import type { ChallengeRow } from '../../shared/db/device-proofs.ts';
import type {
  CustodyLogRow,
  CustodyScanRow,
  DeviceRow,
  GrantRow,
  ProofRefusal,
  RegistrationRow,
  replacementOffers,
  TestKitRow,
} from '../../shared/db/schema/homekit.ts';
import type { SeenDevice } from './reach-device.ts';

type Proving = { readonly challenge: ChallengeRow | undefined; readonly lastRefusal: ProofRefusal | undefined };

/** A device as the API shows it. */
export function representDevice({ device, grants }: SeenDevice, proving: Proving): z.infer<typeof Device> {
  const { id, status, version, patientId, model, serialNumber, category, revokedBecause } = device;
  const { challenge } = proving;
  return {
    id,
    status,
    version,
    patientId,
    model,
    serialNumber,
    category,
    challenge: challenge ? { nonce: challenge.nonce, expiresAt: challenge.expiresAt.toString() } : null,
    proof: {
      failures: device.failures,
      lastRefusal: proving.lastRefusal ?? null,
      retryAt: device.retryAt?.toString() ?? null,
    },
    rejection: rejectionOf(device),
    revokedBecause,
    grants: grants.map(representGrant),
  };
}

function rejectionOf({ rejectedBecause: reason, payloadFault }: DeviceRow) {
  if (reason === null) return null;
  return { reason, detail: reason === 'bad-payload' ? payloadFault : null };
}

function representGrant(grant: GrantRow): z.infer<typeof Device>['grants'][number] {
  const { id, granteeId, role, scopes, expiresAt, status, refusedBecause } = grant;
  const reasons = refusedBecause ?? [];
  return { id, granteeId, role, scopes, expiresAt: expiresAt?.toString() ?? null, status, reasons };
}

type Chain = {
  readonly kit: TestKitRow | undefined;
  readonly custody: readonly CustodyLogRow[];
  readonly replacement: typeof replacementOffers.$inferSelect | undefined;
};

/** The registration of a test kit as the API shows it. */
export function representTestKit(
  registration: RegistrationRow,
  { kit, custody, replacement }: Chain,
): z.infer<typeof TestKit> {
  const { id, version, patientId, kitCode } = registration;
  return {
    id,
    status: statusOf(registration, kit),
    version,
    patientId,
    kitCode,
    testKitId: registration.testKitId,
    orderId: kit?.orderId ?? null,
    collectedAt: kit?.collectedAt?.toString() ?? null,
    rejection: kitRejectionOf(registration, custody),
    replacement: replacement ? { offerId: replacement.id, offeredAt: replacement.offeredAt.toString() } : null,
    custody: custody.map(({ step, happenedAt, recordedAt, reason }) => ({
      step,
      happenedAt: happenedAt.toString(),
      recordedAt: recordedAt.toString(),
      reason,
    })),
  };
}

/** Once a kit is somebody's, it stands where its chain of custody does. */
export function statusOf({ status }: RegistrationRow, kit: TestKitRow | undefined): z.infer<typeof TestKit>['status'] {
  if (status !== 'registered' || kit === undefined) return status;
  return shown.find((each) => each === kit.status) ?? status;
}

const shown = TestKit.shape.status.options;

function kitRejectionOf(
  { rejectedBecause, rejectionDetails }: RegistrationRow,
  custody: readonly CustodyLogRow[],
): z.infer<typeof TestKit>['rejection'] {
  if (rejectedBecause !== null) return { reason: rejectedBecause, details: rejectionDetails ?? [] };
  const rejected = custody.find(({ step }) => step === 'rejected');
  return rejected?.reason ? { reason: rejected.reason, details: [] } : null;
}

/** A scan as the API shows it. */
export function representScan(scan: CustodyScanRow): z.infer<typeof CustodyScan> {
  const { id, status, testKitId, step, happenedAt, refusedBecause } = scan;
  return { id, status, testKitId, step, happenedAt: happenedAt.toString(), refusedBecause };
}
