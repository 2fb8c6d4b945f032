import type { Queryable } from '../../shared/db/client.ts';
import { saveDevice } from '../../shared/db/devices.ts';
import { type Cause, deviceRejected } from '../../shared/db/homekit-events.ts';
import type { OutgoingEvent } from '../../shared/db/outbox.ts';
import type { DeviceRow } from '../../shared/db/schema/homekit.ts';
import type { DeviceRejection } from '../../shared/domain/device.ts';

/** Rejects a locked device. @returns the event that tells of it. */
export async function rejectDevice(
  tx: Queryable,
  device: DeviceRow,
  reason: DeviceRejection,
  cause: Cause,
): Promise<OutgoingEvent[]> {
  const rejected = await saveDevice(tx, { ...device, status: 'rejected', rejectedBecause: reason }, cause.now);
  return [deviceRejected(rejected, reason, cause)];
}
