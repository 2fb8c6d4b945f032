import type { getDevice as contract } from '../../schemas/api/homekit.ts';
import { findLastRefusal, findOpenChallenge } from '../../shared/db/device-proofs.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import type { Deps } from './deps.ts';
import { reachDevice } from './reach-device.ts';
import { representDevice } from './representation.ts';

/** `GET /{country}/homekit/devices/{id}`. The nonce is its owner's to see, as what became of proofs is. */
export function getDevice(deps: Deps): Operation<typeof contract> {
  return async (id, { caller }) => {
    const seen = await reachDevice(deps, caller, id);
    if (!seen.isOwn) return { body: representDevice(seen, { challenge: undefined, lastRefusal: undefined }) };
    const [challenge, lastRefusal] = await Promise.all([
      findOpenChallenge(deps.db, seen.device.id),
      findLastRefusal(deps.db, seen.device.id),
    ]);
    return { body: representDevice(seen, { challenge, lastRefusal }) };
  };
}
