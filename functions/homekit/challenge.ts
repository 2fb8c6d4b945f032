import type { Queryable } from '../../shared/db/client.ts';
import { type ChallengeRow, replaceChallenge } from '../../shared/db/device-proofs.ts';
import { saveDevice } from '../../shared/db/devices.ts';
import type { DeviceRow } from '../../shared/db/schema/homekit.ts';
import { CHALLENGE_MINUTES } from '../../shared/domain/proof.ts';
import { newNonce } from '../../shared/identity/device-proof.ts';

/** Sends a locked device a nonce, in place of any it had. */
export async function challenge(
  tx: Queryable,
  device: DeviceRow,
  now: Temporal.Instant,
): Promise<Omit<ChallengeRow, 'answeredAt'>> {
  const sent = { nonce: newNonce(), deviceId: device.id, expiresAt: now.add({ minutes: CHALLENGE_MINUTES }) };
  await saveDevice(tx, { ...device, status: 'awaiting-proof', rejectedBecause: null }, now);
  await replaceChallenge(tx, sent, now);
  return sent;
}
