import type { revokeDevice as contract } from '../../schemas/api/homekit.ts';
import { lockDevice, noSuchDevice } from '../../shared/db/devices.ts';
import { AppError } from '../../shared/errors.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { commit } from './commit.ts';
import type { Deps } from './deps.ts';
import { reachOwnDevice } from './reach-device.ts';
import { retireDevice } from './retire-device.ts';

/** `DELETE /{country}/homekit/devices/{id}`: withdraws a device at once; again, and it is still withdrawn. */
export function revokeDevice(deps: Deps): Operation<typeof contract> {
  return async ({ country, id }, context) => {
    const seen = await reachOwnDevice(deps, context.caller, { country, id });
    const cause = { now: deps.now(), traceparent: context.traceparent };
    await commit(deps, context, 204, async (tx) => {
      const device = await lockDevice(tx, { country, id });
      // Somebody else's since it was looked up: theirs to withdraw.
      if (device?.patientId !== seen.patientId) throw noSuchDevice();
      if (device.status === 'revoked') return { body: undefined, events: [] };
      const { ifMatch } = context;
      if (ifMatch !== undefined && ifMatch !== device.version) {
        throw new AppError('precondition-failed', 'The device has changed since; read it again.', {
          version: device.version,
        });
      }
      return { body: undefined, events: await retireDevice(tx, device, 'withdrawn', cause) };
    });
    return { body: undefined };
  };
}
