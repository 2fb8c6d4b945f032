import type { DeviceRow } from '../../shared/db/schema/homekit.ts';
import { type KnownDevice, type Standing, standingOf } from '../../shared/domain/device.ts';

/** How a device stands to the others that may be the same accessory. */
export function standing(device: DeviceRow, others: readonly DeviceRow[]): Standing {
  const registered = others.filter(({ status }) => status === 'registered');
  return standingOf(known(device), registered.map(known));
}

function known({ id, patientId: ownerId, ltpk, model, serialNumber }: DeviceRow): KnownDevice {
  return { id, ownerId, ltpk, model, serialNumber };
}
