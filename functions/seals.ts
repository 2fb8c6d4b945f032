import type { Queryable } from '../shared/db/client.ts';
import { findSubjectKey, keepSubjectKey } from '../shared/db/subject-keys.ts';
import { AppError } from '../shared/errors.ts';
import {
  newSubjectKey,
  open,
  seal,
  type SecretKey,
  unwrapSubjectKey,
  wrapSubjectKey,
} from '../shared/identity/sealed.ts';

/**
 * Seals what is personal and opens it again with the patient's own key; `db` is the patient context, over its own role or its
 * reader's. Keys are never remembered: once one is destroyed, nothing opens.
 */
export type Seals = {
  /** Any JSON value as text that may travel and lie about. Throws `not-found` for somebody who was erased. */
  readonly sealFor: (db: Queryable, patientId: string, content: unknown) => Promise<string>;
  /**
   * What was sealed, still to be checked; undefined where the key is gone. Throws `unprocessable` for text that is not the
   * patient's or was changed, `unavailable` with a secret that is not the right one.
   */
  readonly unseal: (db: Queryable, patientId: string, sealed: string) => Promise<unknown>;
};

/** @param secret `SUBJECT_KEYS_SECRET`, which wraps the keys. */
export function openSeals(secret: SecretKey): Seals {
  async function keyFor(db: Queryable, patientId: string): Promise<SecretKey> {
    const wrapped = (await findSubjectKey(db, patientId)) ?? (await makeKey(db, patientId));
    if (wrapped === null) throw new AppError('not-found', 'There is no such patient.');
    return unwrapSubjectKey(secret, patientId, wrapped);
  }

  async function makeKey(db: Queryable, patientId: string): Promise<string | null> {
    return keepSubjectKey(db, patientId, await wrapSubjectKey(secret, patientId, newSubjectKey()));
  }

  return {
    sealFor: async (db, patientId, content) => seal(await keyFor(db, patientId), patientId, content),
    async unseal(db, patientId, sealed) {
      const wrapped = await findSubjectKey(db, patientId);
      if (wrapped === null || wrapped === undefined) return undefined;
      return open(await unwrapSubjectKey(secret, patientId, wrapped), patientId, sealed);
    },
  };
}
