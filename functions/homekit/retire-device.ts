import type { Queryable } from '../../shared/db/client.ts';
import { endGrants } from '../../shared/db/device-grants.ts';
import { endChallenges } from '../../shared/db/device-proofs.ts';
import { saveDevice } from '../../shared/db/devices.ts';
import { type Cause, deviceRevoked } from '../../shared/db/homekit-events.ts';
import type { OutgoingEvent } from '../../shared/db/outbox.ts';
import type { DeviceRow } from '../../shared/db/schema/homekit.ts';

/** Withdraws a locked device with every grant on it. @returns the event that tells of it. */
export async function retireDevice(
  tx: Queryable,
  device: DeviceRow,
  because: NonNullable<DeviceRow['revokedBecause']>,
  cause: Cause,
): Promise<OutgoingEvent[]> {
  await endGrants(tx, { deviceId: device.id }, { status: 'revoked', now: cause.now });
  await endChallenges(tx, device.id, cause.now);
  const retired = { ...device, status: 'revoked', rejectedBecause: null, revokedBecause: because } as const;
  return [deviceRevoked(await saveDevice(tx, retired, cause.now), undefined, cause)];
}
