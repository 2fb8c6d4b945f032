import type { EventOf } from '../../schemas/events/contract.ts';
import type { HomekitProofSubmitted } from '../../schemas/events/homekit-registration.v1.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { closeProof, endChallenges, findChallenge, lockProof } from '../../shared/db/device-proofs.ts';
import { lockAccessory, saveDevice } from '../../shared/db/devices.ts';
import { type Cause, deviceRegistered } from '../../shared/db/homekit-events.ts';
import type { OutgoingEvent } from '../../shared/db/outbox.ts';
import type { DeviceRow, ProofRefusal, ProofRow } from '../../shared/db/schema/homekit.ts';
import { afterFailure, isOut, waitUntil } from '../../shared/domain/proof.ts';
import { isProofOfPossession } from '../../shared/identity/device-proof.ts';
import type { EventContext } from '../../shared/runtime/function.ts';
import { challenge } from './challenge.ts';
import { seeTo } from './commit.ts';
import type { Deps } from './deps.ts';
import { rejectDevice } from './reject-device.ts';
import { retireDevice } from './retire-device.ts';
import { standing } from './standing.ts';

/** A device with the others that may be the same accessory, all locked. */
type Locked = NonNullable<Awaited<ReturnType<typeof lockAccessory>>>;

/** Checks a proof: the device is its owner's by one that holds, and has to wait after five that do not. */
export function checkProof(deps: Deps) {
  return async (event: EventOf<typeof HomekitProofSubmitted>, { traceparent }: EventContext): Promise<void> => {
    const { country, deviceId, proofId } = event.data;
    const cause = { now: deps.now(), traceparent };
    await seeTo(deps, event, async (tx) => {
      const locked = await lockAccessory(tx, { country, id: deviceId });
      const proof = locked && (await lockProof(tx, proofId));
      // Gone with the person it was of, or seen to before.
      if (locked === undefined || proof?.status !== 'received' || proof.deviceId !== deviceId) return [];
      const refusedBecause = await reasonAgainst(tx, locked.device, proof, cause.now);
      await closeProof(tx, proof.id, refusedBecause);
      return refusedBecause === null ? register(tx, locked, cause) : refuse(tx, locked.device, refusedBecause, cause);
    });
  };
}

async function reasonAgainst(
  tx: Queryable,
  device: DeviceRow,
  proof: ProofRow,
  now: Temporal.Instant,
): Promise<ProofRefusal | null> {
  if (waitUntil(device, now) !== undefined) return 'too-many-failures';
  if (device.status !== 'awaiting-proof') return 'not-awaited';
  const sent = await findChallenge(tx, proof);
  if (sent === undefined) return 'unknown-nonce';
  if (sent.answeredAt !== null) return 'used-nonce';
  if (Temporal.Instant.compare(proof.receivedAt, sent.expiresAt) > 0) return 'expired';
  const { ltpk, pairingId } = device;
  return isProofOfPossession({ ...proof, ltpk, pairingId }) ? null : 'wrong-signature';
}

/** What another has registered meanwhile stays theirs, whoever holds the key. */
async function register(tx: Queryable, { device, others }: Locked, cause: Cause): Promise<OutgoingEvent[]> {
  await endChallenges(tx, device.id, cause.now);
  const stands = standing(device, others);
  if (stands.ownedByAnother) return rejectDevice(tx, device, 'owned-by-another', cause);
  const events: OutgoingEvent[] = [];
  for (const former of others.filter(({ id }) => stands.replaces.includes(id))) {
    events.push(...(await retireDevice(tx, former, 'factory-reset', cause)));
  }
  const proven = { ...device, status: 'registered', failures: 0, retryAt: null } as const;
  return [...events, deviceRegistered(await saveDevice(tx, proven, cause.now), cause)];
}

/** Of the key: such a proof counts for nothing. */
const SAYING_NOTHING: ReadonlySet<ProofRefusal> = new Set(['too-many-failures', 'not-awaited', 'used-nonce']);

async function refuse(tx: Queryable, device: DeviceRow, because: ProofRefusal, cause: Cause): Promise<OutgoingEvent[]> {
  if (SAYING_NOTHING.has(because)) return [];
  if (because === 'expired') return rejectLate(tx, device, cause);
  const failed = { ...device, ...afterFailure(device, cause.now) };
  if (!isOut(failed)) {
    await challenge(tx, failed, cause.now);
    return [];
  }
  await endChallenges(tx, device.id, cause.now);
  return rejectDevice(tx, failed, 'proof-failed', cause);
}

async function rejectLate(tx: Queryable, device: DeviceRow, cause: Cause): Promise<OutgoingEvent[]> {
  await endChallenges(tx, device.id, cause.now);
  return rejectDevice(tx, device, 'proof-expired', cause);
}
