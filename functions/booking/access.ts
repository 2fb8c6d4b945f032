import { type Caller, hasRole, mayReach, maySelect, type Parties } from '../../shared/domain/caller.ts';
import type { Lookups } from './lookups.ts';

/** Throws `forbidden` unless the caller may book or read for the parties they name. */
export async function mustSelect(lookups: Lookups, caller: Caller, parties: Parties): Promise<void> {
  maySelect(caller, parties, await proxiedFor(lookups, caller, parties));
}

/** Throws `not-found` unless what was found is the caller's. */
export async function mustReach(lookups: Lookups, caller: Caller, parties: Parties): Promise<void> {
  mayReach(caller, parties, await proxiedFor(lookups, caller, parties));
}

/** Whom the caller acts for: looked up only where it decides. */
async function proxiedFor(lookups: Lookups, caller: Caller, { patientId }: Parties): Promise<readonly string[]> {
  const forOther = hasRole(caller, 'patient') && patientId !== undefined && patientId !== caller.subject;
  return forOther ? lookups.proxied(caller) : [];
}
