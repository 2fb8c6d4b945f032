import { hash } from 'node:crypto';

import type { IdempotencyClaim, SavedAnswer } from '../domain/idempotency.ts';
import { AppError } from '../errors.ts';

type Find = (claim: IdempotencyClaim) => Promise<SavedAnswer | undefined>;

/** The claim of a request's `Idempotency-Key`. Throws `invalid-input` unless it is 1 to 255 visible ASCII characters. */
export function claimOf(key: string, subject: string, operation: string, input: unknown): IdempotencyClaim {
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    const message = 'Idempotency-Key takes 1 to 255 visible ASCII characters';
    throw new AppError('invalid-input', message, { errors: [{ path: 'Idempotency-Key', message }] });
  }
  return { subject, operation, key, fingerprint: hash('sha256', JSON.stringify(input), 'buffer') };
}

/**
 * Runs the operation unless its answer is saved. A twin may commit while this one runs, and make it fail in any
 * way (the slot it wants is taken, by the twin): so after an error the saved answer is looked for again.
 */
export async function once<Result>(
  find: Find,
  claim: IdempotencyClaim,
  run: () => Promise<Result>,
): Promise<Result | SavedAnswer> {
  const saved = await find(claim);
  if (saved) return sameRequest(saved, claim);
  try {
    return await run();
  } catch (error) {
    const twins = await find(claim).catch(() => undefined);
    if (!twins) throw error;
    return sameRequest(twins, claim);
  }
}

function sameRequest(saved: SavedAnswer, claim: IdempotencyClaim): SavedAnswer {
  if (claim.fingerprint.equals(saved.fingerprint)) return saved;
  throw new AppError('unprocessable', 'This Idempotency-Key was used with another request.');
}
