import { randomBytes, scrypt } from 'node:crypto';

import { registerDevice } from '../../schemas/api/homekit.ts';
import type { Database, Queryable } from '../../shared/db/client.ts';
import { savedAnswers } from '../../shared/db/idempotency-keys.ts';
import { homekitIdempotencyKeys } from '../../shared/db/schema/homekit.ts';
import type { IdempotencyClaim, SavedAnswer } from '../../shared/domain/idempotency.ts';

const answers = savedAnswers(homekitIdempotencyKeys);

const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** About 50 ms and 32 MB a guess. */
const COST = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };

/**
 * The answer saved under an idempotency key. Devices' requests are told apart by salted, slow hashes of what they asked
 * for: they hold a setup code, and of eight digits a plain hash would tell.
 */
export async function findAnswer(db: Database, claim: IdempotencyClaim): Promise<SavedAnswer | undefined> {
  const saved = await answers.find(db, claim);
  if (saved === undefined || !holdsSetupCode(claim)) return saved;
  const salt = saved.fingerprint.subarray(0, SALT_BYTES);
  const isSame = saved.fingerprint.equals(await slowly(claim.fingerprint, salt));
  return isSame ? { ...saved, fingerprint: claim.fingerprint } : saved;
}

/** The claim as it is kept. To be asked for before a transaction is opened: it may take its time. */
export async function keepable(claim: IdempotencyClaim | undefined): Promise<IdempotencyClaim | undefined> {
  if (claim === undefined || !holdsSetupCode(claim)) return claim;
  return { ...claim, fingerprint: await slowly(claim.fingerprint, randomBytes(SALT_BYTES)) };
}

function holdsSetupCode({ operation }: IdempotencyClaim): boolean {
  return operation === registerDevice.id;
}

export function saveAnswer(
  tx: Queryable,
  claim: IdempotencyClaim | undefined,
  answer: { readonly status: number; readonly body: unknown },
): Promise<void> {
  return answers.save(tx, claim, answer);
}

/** The salt and the hash behind it. */
function slowly(fingerprint: Buffer, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(fingerprint, salt, HASH_BYTES, COST, (error, hash) => {
      if (error) reject(error);
      else resolve(Buffer.concat([salt, hash]));
    });
  });
}
