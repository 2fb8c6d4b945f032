import { type BookingId, findBooking, noSuchBooking } from '../../shared/db/bookings.ts';
import type { BookingRow } from '../../shared/db/schema/booking.ts';
import {
  type Caller,
  hasRole,
  mayReach,
  maySelect,
  type Parties,
  type Role,
  roleTowards,
} from '../../shared/domain/caller.ts';
import type { Deps } from './deps.ts';
import type { Lookups } from './lookups.ts';

/** Who acts and in which role, as a booking records it. */
export type Actor = { readonly actedBy: string; readonly actedAs: Role };

/** Throws `forbidden` unless the caller may book or read for the parties they name. */
export async function mustSelect(lookups: Lookups, caller: Caller, parties: Parties): Promise<Actor> {
  const actedAs = maySelect(caller, parties, await proxiedFor(lookups, caller, parties));
  return { actedBy: caller.subject, actedAs };
}

/** Finds a booking. Throws `not-found` for one that is not the caller's as for one that is not there. */
export async function reachBooking(
  { db, lookups }: Pick<Deps, 'db' | 'lookups'>,
  caller: Caller,
  id: BookingId,
): Promise<{ booking: BookingRow; actor: Actor }> {
  const booking = await findBooking(db, id);
  if (booking === undefined) throw noSuchBooking();
  const actedAs = mayReach(caller, booking, await proxiedFor(lookups, caller, booking));
  return { booking, actor: { actedBy: caller.subject, actedAs } };
}

/** As whom the caller acts on what was found on the way; undefined where it is not theirs. */
export async function findActor(lookups: Lookups, caller: Caller, parties: Parties): Promise<Actor | undefined> {
  const actedAs = roleTowards(caller, parties, await proxiedFor(lookups, caller, parties));
  return actedAs && { actedBy: caller.subject, actedAs };
}

/** Whom the caller acts for: looked up only where it decides. */
async function proxiedFor(lookups: Lookups, caller: Caller, { patientId }: Parties): Promise<readonly string[]> {
  const forOther = hasRole(caller, 'patient') && patientId !== undefined && patientId !== caller.subject;
  return forOther ? lookups.proxied(caller) : [];
}
