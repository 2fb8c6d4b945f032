import { isGuardian } from '../../shared/db/guardians.ts';
import { type Caller, hasRole } from '../../shared/domain/caller.ts';
import { AppError } from '../../shared/errors.ts';
import type { Deps } from './deps.ts';

type Lookups = Pick<Deps, 'patients' | 'now'>;

/** Throws `forbidden` unless the patient is the caller's to speak for. */
export async function maySpeakFor(deps: Lookups, caller: Caller, patientId: string): Promise<void> {
  const mayAsk = hasRole(caller, 'admin') || (await isTheirs(deps, caller, patientId));
  if (!mayAsk) throw new AppError('forbidden', 'You may ask for yourself and for those whose guardian you are.');
}

/** Whether the patient is the caller, or has the caller for a guardian. */
export async function isTheirs({ patients, now }: Lookups, caller: Caller, patientId: string): Promise<boolean> {
  if (!hasRole(caller, 'patient') || !UUID.test(caller.subject)) return false;
  const guardianId = caller.subject.toLowerCase();
  return guardianId === patientId || isGuardian(patients, { patientId, guardianId }, now());
}

/** Whom an identity provider names otherwise is no patient of ours. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** For what was looked up: it answers the same whether it is another's or is not there. */
export function noSuch(what: 'export' | 'erasure'): AppError {
  return new AppError('not-found', `There is no such ${what}.`);
}
