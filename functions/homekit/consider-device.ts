import type { EventOf } from '../../schemas/events/contract.ts';
import type { HomekitDeviceSubmitted } from '../../schemas/events/homekit-registration.v1.ts';
import { lockAccessory } from '../../shared/db/devices.ts';
import type { DeviceRow } from '../../shared/db/schema/homekit.ts';
import type { DeviceRejection } from '../../shared/domain/device.ts';
import { waitUntil } from '../../shared/domain/proof.ts';
import type { EventContext } from '../../shared/runtime/function.ts';
import { challenge } from './challenge.ts';
import { seeTo } from './commit.ts';
import type { Deps } from './deps.ts';
import { rejectDevice } from './reject-device.ts';
import { standing } from './standing.ts';

/** Looks at a device that somebody wants to register, and sends it a nonce where nothing speaks against it. */
export function considerDevice(deps: Deps) {
  return async (event: EventOf<typeof HomekitDeviceSubmitted>, { traceparent }: EventContext): Promise<void> => {
    const { country, deviceId: id } = event.data;
    const cause = { now: deps.now(), traceparent };
    await seeTo(deps, event, async (tx) => {
      const locked = await lockAccessory(tx, { country, id });
      // Gone with the person it was of, or seen to before.
      if (locked?.device.status !== 'received') return [];
      const against = reasonAgainst(locked.device, locked.others, cause.now);
      if (against !== undefined) return rejectDevice(tx, locked.device, against, cause);
      await challenge(tx, locked.device, cause.now);
      return [];
    });
  };
}

/** Whoever has to wait after proofs that failed is sent no nonce before that is over. */
function reasonAgainst(
  device: DeviceRow,
  others: readonly DeviceRow[],
  now: Temporal.Instant,
): DeviceRejection | undefined {
  if (device.payloadFault !== null) return 'bad-payload';
  if (standing(device, others).ownedByAnother) return 'owned-by-another';
  return waitUntil(device, now) === undefined ? undefined : 'proof-failed';
}
