import type { Role } from '../../shared/domain/caller.ts';
import type { RequestContext } from '../../shared/runtime/function.ts';

/** Roles as they weigh when a caller has several. */
const RANK: readonly Role[] = ['admin', 'system', 'staff', 'practitioner', 'patient'];

/** Who acts, as a booking records it. */
export function actor({ caller }: RequestContext): { actedBy: string; actedAs: Role } {
  return { actedBy: caller.subject, actedAs: RANK.find((role) => caller.roles.includes(role)) ?? 'patient' };
}
