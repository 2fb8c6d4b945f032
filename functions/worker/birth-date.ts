import { findBirthDate } from '../../shared/db/birth-dates.ts';
import { findKeptBirthDate, keepBirthDate } from '../../shared/db/erasures.ts';
import type { ErasureRow } from '../../shared/db/schema/worker.ts';
import type { Deps } from './deps.ts';

/**
 * When somebody who is being erased was born; undefined where nobody knows. Their own record is erased before the last of what
 * law keeps is found, so it is kept with the erasure until their key is destroyed.
 */
export async function birthDateOf(
  { contexts, db, patients, seals }: Deps,
  { id, patientId }: Pick<ErasureRow, 'id' | 'patientId'>,
): Promise<Temporal.PlainDate | undefined> {
  const kept = await findKeptBirthDate(db, patientId);
  if (kept !== undefined) {
    const opened = await seals.unseal(patients, patientId, kept);
    return typeof opened === 'string' ? Temporal.PlainDate.from(opened) : undefined;
  }
  const bornOn = await findBirthDate(contexts.patient, patientId);
  if (bornOn) await keepBirthDate(db, id, await seals.sealFor(patients, patientId, bornOn.toString()));
  return bornOn;
}
