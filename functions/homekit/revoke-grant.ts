import type { revokeGrant as contract } from '../../schemas/api/homekit.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { lockGrant, saveGrant } from '../../shared/db/device-grants.ts';
import { lockDevice, noSuchDevice, saveDevice } from '../../shared/db/devices.ts';
import { type Cause, deviceRevoked } from '../../shared/db/homekit-events.ts';
import type { OutgoingEvent } from '../../shared/db/outbox.ts';
import type { DeviceRow, GrantRow } from '../../shared/db/schema/homekit.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { commit } from './commit.ts';
import type { Deps } from './deps.ts';
import { reachGrant } from './reach-device.ts';

/** `DELETE /{country}/homekit/devices/{id}/grants/{grantId}`: at once; again, and it is still withdrawn. */
export function revokeGrant(deps: Deps): Operation<typeof contract> {
  return async ({ country, id, grantId }, context) => {
    await reachGrant(deps, context.caller, { country, id }, grantId);
    const cause = { now: deps.now(), traceparent: context.traceparent };
    await commit(deps, context, 204, async (tx) => {
      const device = await lockDevice(tx, { country, id });
      const grant = device && (await lockGrant(tx, { deviceId: device.id, id: grantId }));
      if (device === undefined || grant === undefined) throw noSuchDevice();
      return { body: undefined, events: await withdraw(tx, device, grant, cause) };
    });
    return { body: undefined };
  };
}

/** One that is not in force yet never will be, and nobody had it. */
async function withdraw(tx: Queryable, device: DeviceRow, grant: GrantRow, cause: Cause): Promise<OutgoingEvent[]> {
  if (grant.status !== 'active' && grant.status !== 'received') return [];
  await saveGrant(tx, { ...grant, status: 'revoked', updatedAt: cause.now });
  if (grant.status === 'received') return [];
  return [deviceRevoked(await saveDevice(tx, device, cause.now), grant.granteeId, cause)];
}
