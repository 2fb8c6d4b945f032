import { findGrant, listGrants } from '../../shared/db/device-grants.ts';
import { type DeviceId, findDevice, noSuchDevice } from '../../shared/db/devices.ts';
import type { DeviceRow, GrantRow } from '../../shared/db/schema/homekit.ts';
import { type Caller, hasRole } from '../../shared/domain/caller.ts';
import { allows } from '../../shared/domain/grant.ts';
import { AppError } from '../../shared/errors.ts';
import { reaches } from './access.ts';
import type { Deps } from './deps.ts';

/** A device as its owner sees it, or as whoever was granted its use does. */
export type SeenDevice = { readonly device: DeviceRow; readonly isOwn: boolean; readonly grants: readonly GrantRow[] };

/** Finds a device of the caller's own. Throws `not-found` for any other as for one that is not there. */
export async function reachOwnDevice(deps: Deps, caller: Caller, id: DeviceId): Promise<DeviceRow> {
  const device = await findDevice(deps.db, id);
  if (device && (await reaches(deps, caller, device.patientId))) return device;
  throw noSuchDevice();
}

/** Finds a device that the caller owns or may read by a grant. Throws `not-found` for any other. */
export async function reachDevice(deps: Deps, caller: Caller, id: DeviceId): Promise<SeenDevice> {
  const device = await findDevice(deps.db, id);
  if (device === undefined) throw noSuchDevice();
  const grants = await listGrants(deps.db, device.id, deps.now());
  if (await reaches(deps, caller, device.patientId)) {
    return { device, isOwn: true, grants: grants.filter((grant) => concerns(grant, device, caller)) };
  }
  const own = device.status === 'registered' ? grants.filter((grant) => isReaders(grant, caller, deps.now())) : [];
  if (own.length === 0) throw noSuchDevice();
  return { device, isOwn: false, grants: own };
}

/** Finds a grant that the caller made or has: whoever has it may give it up, whatever it allows. Throws `not-found`. */
export async function reachGrant(deps: Deps, caller: Caller, id: DeviceId, grantId: string): Promise<GrantRow> {
  const device = await findDevice(deps.db, id);
  const grant = device && (await findGrant(deps.db, { deviceId: device.id, id: grantId }));
  if (device === undefined || grant === undefined) throw noSuchGrant();
  const isOwners = concerns(grant, device, caller) && (await reaches(deps, caller, device.patientId));
  if (isOwners || (await reaches(deps, caller, grant.granteeId))) return grant;
  throw noSuchGrant();
}

function noSuchGrant(): AppError {
  return new AppError('not-found', 'There is no such grant.');
}

/** Whom a former owner let use the device is nothing to the present one; that it was given to them is. */
function concerns({ grantedBy, granteeId }: GrantRow, { patientId }: DeviceRow, caller: Caller): boolean {
  return grantedBy === patientId || granteeId === patientId || granteeId === caller.subject;
}

function isReaders(grant: GrantRow, caller: Caller, now: Temporal.Instant): boolean {
  const isTheirs = hasRole(caller, 'patient') && grant.granteeId === caller.subject;
  return isTheirs && allows({ ...grant, isActive: grant.status === 'active' }, 'device:read', now);
}
