import type { renewChallenge as contract } from '../../schemas/api/homekit.ts';
import { lockDevice, noSuchDevice } from '../../shared/db/devices.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { mustAwaitProof, mustNotWait } from './awaited-proof.ts';
import { challenge } from './challenge.ts';
import { commit } from './commit.ts';
import type { Deps } from './deps.ts';
import { reachOwnDevice } from './reach-device.ts';

/** `POST /{country}/homekit/devices/{id}/challenge`: another nonce, unless proofs have failed too often. */
export function renewChallenge(deps: Deps): Operation<typeof contract> {
  return async ({ country, id }, context) => {
    await reachOwnDevice(deps, context.caller, { country, id });
    const body = await commit(deps, context, 201, async (tx) => {
      const device = await lockDevice(tx, { country, id });
      if (device === undefined) throw noSuchDevice();
      mustAwaitProof(device);
      mustNotWait(device, deps.now());
      const { nonce, expiresAt } = await challenge(tx, device, deps.now());
      return { body: { nonce, expiresAt: expiresAt.toString() }, events: [] };
    });
    return { body };
  };
}
