import { AppError } from '../errors.ts';
import { brokenConstraint } from './driver-error.ts';

const CLASHES: Readonly<Record<string, () => AppError>> = {
  homekit_idempotency_keys: () => new AppError('in-progress', 'The same request is still under way.'),
  device_request_once: () => new AppError('conflict', 'This device is being registered already.'),
  // Two that proved one accessory at once: the second finds out when its event comes again.
  device_key_once: () => new AppError('unavailable', 'This device is being registered by another.'),
  device_accessory_once: () => new AppError('unavailable', 'This device is being registered by another.'),
};

/** Runs a write; throws what the constraint it breaks means. */
export async function namingClashes<Result>(write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    const constraint = brokenConstraint(error);
    throw (constraint === undefined ? undefined : CLASHES[constraint]?.()) ?? error;
  }
}
