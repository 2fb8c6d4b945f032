import { listProxiedPatients, mustBePatient } from '../../shared/db/patients.ts';
import { type Caller, hasRole, mayReach, maySelect, type Role, roleTowards } from '../../shared/domain/caller.ts';
import type { Deps } from './deps.ts';

type Sources = Pick<Deps, 'patients' | 'now'>;

/** Whom an identity provider names otherwise is no patient of ours. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Throws `forbidden` unless the caller may act for the patient they name, and `not-found` where there is no such one. */
export async function mustActFor(sources: Sources, caller: Caller, country: string, patientId: string): Promise<Role> {
  const role = maySelect(caller, { patientId }, await proxiedBy(sources, caller, patientId));
  await mustBePatient(sources.patients, country, patientId);
  return role;
}

/** Throws `not-found` for what is of a patient whom the caller may not act for. */
export async function mustReach(sources: Sources, caller: Caller, patientId: string): Promise<Role> {
  return mayReach(caller, { patientId }, await proxiedBy(sources, caller, patientId));
}

/** Whether what is of a patient is the caller's to see to. */
export async function reaches(sources: Sources, caller: Caller, patientId: string): Promise<boolean> {
  return roleTowards(caller, { patientId }, await proxiedBy(sources, caller, patientId)) !== undefined;
}

/** Whom the caller acts for: looked up only where it decides. */
async function proxiedBy({ patients, now }: Sources, caller: Caller, patientId: string): Promise<readonly string[]> {
  const forOther = hasRole(caller, 'patient') && patientId !== caller.subject && UUID.test(caller.subject);
  return forOther ? listProxiedPatients(patients, caller.subject, now()) : [];
}
