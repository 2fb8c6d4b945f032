import type { DeviceRow } from '../../shared/db/schema/homekit.ts';
import { maySucceedLater } from '../../shared/domain/device.ts';
import { waitUntil } from '../../shared/domain/proof.ts';
import { AppError } from '../../shared/errors.ts';

/** Throws `conflict` for a device that no proof is awaited of, nor may be again. */
export function mustAwaitProof({ status, rejectedBecause }: DeviceRow): void {
  if (status === 'awaiting-proof' || maySucceedLater(rejectedBecause)) return;
  const reasons = [{ code: 'no-proof-awaited', status }];
  throw new AppError('conflict', 'No proof is awaited of this device.', { reasons });
}

/** Throws `rate-limited` while it is waited after proofs that failed. */
export function mustNotWait(device: DeviceRow, now: Temporal.Instant): void {
  const retryAt = waitUntil(device, now);
  if (retryAt === undefined) return;
  const retryAfterSeconds = Math.ceil(now.until(retryAt).total('seconds'));
  throw new AppError('rate-limited', 'Too many proofs have failed.', { retryAfterSeconds });
}
