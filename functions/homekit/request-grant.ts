import { randomUUIDv7 } from 'node:crypto';

import type { Queryable } from '../../shared/db/client.ts';
import { addGrant, countOpenGrants } from '../../shared/db/device-grants.ts';
import { type DeviceId, lockDevice } from '../../shared/db/devices.ts';
import { grantSubmitted } from '../../shared/db/homekit-requests.ts';
import { mustBePatient } from '../../shared/db/patients.ts';
import type { GrantRow } from '../../shared/db/schema/homekit.ts';
import { type GrantRequest, MOST_OPEN_GRANTS } from '../../shared/domain/grant.ts';
import { AppError } from '../../shared/errors.ts';
import type { RequestContext } from '../../shared/runtime/function.ts';
import { commit } from './commit.ts';
import type { Deps } from './deps.ts';
import { reachOwnDevice } from './reach-device.ts';

/** Keeps an owner's wish to let somebody have the use of a device, or the device, to be seen to. */
export async function requestGrant(
  deps: Deps,
  { country, id }: DeviceId,
  wish: GrantRequest,
  context: RequestContext,
): Promise<{ readonly id: string; readonly status: 'received' }> {
  const device = await reachOwnDevice(deps, context.caller, { country, id });
  await mustBePatient(deps.patients, country, wish.granteeId);
  const cause = { now: deps.now(), traceparent: context.traceparent };
  const grant: GrantRow = {
    ...wish,
    id: randomUUIDv7(),
    deviceId: device.id,
    granteeId: wish.granteeId.toLowerCase(),
    scopes: [...wish.scopes],
    status: 'received',
    refusedBecause: null,
    grantedBy: device.patientId,
    createdAt: cause.now,
    updatedAt: cause.now,
  };
  return commit(deps, context, 202, async (tx) => {
    await mustHaveRoom(tx, { country, id: device.id }, cause.now);
    await addGrant(tx, grant);
    return { body: { id: grant.id, status: 'received' }, events: [grantSubmitted(grant, country, cause)] };
  });
}

/** Throws `conflict` where a device has as many grants as it may. */
async function mustHaveRoom(tx: Queryable, device: DeviceId, now: Temporal.Instant): Promise<void> {
  await lockDevice(tx, device);
  if ((await countOpenGrants(tx, device.id, now)) < MOST_OPEN_GRANTS) return;
  const reasons = [{ code: 'too-many-grants', most: MOST_OPEN_GRANTS }];
  throw new AppError('conflict', 'This device has as many grants as it may. Withdraw one first.', { reasons });
}
