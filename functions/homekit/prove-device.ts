import { randomUUIDv7 } from 'node:crypto';

import type { proveDevice as contract } from '../../schemas/api/homekit.ts';
import { addProof } from '../../shared/db/device-proofs.ts';
import { proofSubmitted } from '../../shared/db/homekit-requests.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { mustAwaitProof, mustNotWait } from './awaited-proof.ts';
import { commit } from './commit.ts';
import type { Deps } from './deps.ts';
import { reachOwnDevice } from './reach-device.ts';

/** `POST /{country}/homekit/devices/{id}/proof`: keeps the proof to be checked. */
export function proveDevice(deps: Deps): Operation<typeof contract> {
  return async ({ country, id, nonce, accessoryKey, signature }, context) => {
    const device = await reachOwnDevice(deps, context.caller, { country, id });
    const cause = { now: deps.now(), traceparent: context.traceparent };
    mustNotWait(device, cause.now);
    mustAwaitProof(device);
    const proof = {
      id: randomUUIDv7(),
      deviceId: device.id,
      nonce,
      accessoryKey: accessoryKey.toLowerCase(),
      signature: signature.toLowerCase(),
      status: 'received',
      refusedBecause: null,
      receivedAt: cause.now,
    } as const;
    const body = await commit(deps, context, 202, async (tx) => {
      await addProof(tx, proof);
      return { body: { id: proof.id, status: proof.status }, events: [proofSubmitted(proof, country, cause)] };
    });
    return { body };
  };
}
