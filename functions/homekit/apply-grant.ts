import type { EventOf } from '../../schemas/events/contract.ts';
import type { HomekitGrantSubmitted } from '../../schemas/events/homekit-registration.v1.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { endGrants, lockGrant, saveGrant } from '../../shared/db/device-grants.ts';
import { lockDevice, saveDevice } from '../../shared/db/devices.ts';
import { type Cause, deviceAuthorized, deviceRevoked } from '../../shared/db/homekit-events.ts';
import type { OutgoingEvent } from '../../shared/db/outbox.ts';
import type { DeviceRow, GrantRow } from '../../shared/db/schema/homekit.ts';
import { againstGrant } from '../../shared/domain/grant.ts';
import type { EventContext } from '../../shared/runtime/function.ts';
import { seeTo } from './commit.ts';
import type { Deps } from './deps.ts';

/** Puts a grant into force, or gives the device to its next owner. */
export function applyGrant(deps: Deps) {
  return async (event: EventOf<typeof HomekitGrantSubmitted>, { traceparent }: EventContext): Promise<void> => {
    const { country, deviceId, grantId } = event.data;
    const cause = { now: deps.now(), traceparent };
    await seeTo(deps, event, async (tx) => {
      const device = await lockDevice(tx, { country, id: deviceId });
      const grant = device && (await lockGrant(tx, { deviceId, id: grantId }));
      // Gone with the person it was of, withdrawn, or seen to before.
      if (device === undefined || grant?.status !== 'received') return [];
      const refusedBecause = reasonsAgainst(device, grant, cause.now);
      if (refusedBecause.length > 0) {
        await saveGrant(tx, { ...grant, status: 'refused', refusedBecause, updatedAt: cause.now });
        return [];
      }
      return grant.role === 'owner' ? transfer(tx, device, grant, cause) : authorize(tx, device, grant, cause);
    });
  };
}

function reasonsAgainst(
  device: DeviceRow,
  grant: GrantRow,
  now: Temporal.Instant,
): NonNullable<GrantRow['refusedBecause']> {
  if (device.status !== 'registered') return ['not-registered'];
  if (grant.grantedBy !== device.patientId) return ['not-the-owner'];
  return againstGrant(grant, device.patientId, now);
}

async function authorize(tx: Queryable, device: DeviceRow, grant: GrantRow, cause: Cause): Promise<OutgoingEvent[]> {
  await endGrants(tx, grant, { status: 'replaced', now: cause.now });
  await saveGrant(tx, { ...grant, status: 'active', updatedAt: cause.now });
  return [deviceAuthorized(await saveDevice(tx, device, cause.now), grant, cause)];
}

/** The former owner is told too. Who used it by their leave has to ask the next one, who is not told of them. */
async function transfer(tx: Queryable, device: DeviceRow, grant: GrantRow, cause: Cause): Promise<OutgoingEvent[]> {
  const ended = await endGrants(tx, { deviceId: device.id }, { status: 'revoked', now: cause.now });
  await saveGrant(tx, { ...grant, status: 'transferred', updatedAt: cause.now });
  const given = await saveDevice(tx, { ...device, patientId: grant.granteeId }, cause.now);
  const ofFormer = { ...given, patientId: device.patientId };
  const losers = [device.patientId, ...ended.map(({ granteeId }) => granteeId)];
  const revoked = losers.map((loserId) => deviceRevoked(ofFormer, loserId, cause));
  return [...revoked, deviceAuthorized(given, grant, cause)];
}
