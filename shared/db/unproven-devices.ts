import { and, asc, eq, lt, notExists } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { endChallenges } from './device-proofs.ts';
import { saveDevice } from './devices.ts';
import { type Cause, deviceRejected } from './homekit-events.ts';
import { enqueue } from './outbox.ts';
import { type DeviceRow, devices, homekitOutbox, proofs } from './schema/homekit.ts';

/**
 * Rejects devices that were sent a nonce before `before` and have not answered; a proof that nobody has looked at is an
 * answer. @returns how many there were, `limit` at the most.
 */
export async function rejectUnproven(
  tx: Queryable,
  { before, limit }: { readonly before: Temporal.Instant; readonly limit: number },
  cause: Cause,
): Promise<number> {
  const unproven = await lockUnproven(tx, before, limit);
  for (const device of unproven) {
    await endChallenges(tx, device.id, cause.now);
    const rejected = { ...device, status: 'rejected', rejectedBecause: 'proof-expired' } as const;
    const told = deviceRejected(await saveDevice(tx, rejected, cause.now), 'proof-expired', cause);
    await enqueue(tx, homekitOutbox, [told]);
  }
  return unproven.length;
}

async function lockUnproven(tx: Queryable, before: Temporal.Instant, limit: number): Promise<DeviceRow[]> {
  const answers = tx
    .select({ id: proofs.id })
    .from(proofs)
    .where(and(eq(proofs.deviceId, devices.id), eq(proofs.status, 'received')));
  return tx
    .select()
    .from(devices)
    .where(and(eq(devices.status, 'awaiting-proof'), lt(devices.updatedAt, before), notExists(answers)))
    .orderBy(asc(devices.updatedAt))
    .limit(limit)
    .for('update', { skipLocked: true });
}
