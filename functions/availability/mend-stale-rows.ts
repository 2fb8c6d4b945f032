import { listStale } from '../../shared/db/availability.ts';
import { AppError } from '../../shared/errors.ts';
import type { Deps } from './deps.ts';
import { rebuild } from './rebuild.ts';

/** As many as an event has time for; the next ones mend the others. */
const FEW_ROWS = 20;

/**
 * Writes some of a country's stale rows anew, the practitioner's own among them. Throws `unavailable` while Redis does not
 * take them, and `in-progress` where another may be writing the practitioner's own and may fail.
 */
export async function mendStaleRows(deps: Deps, country: string, practitionerId: string): Promise<void> {
  const stale = await listStale(deps.db, country, { first: practitionerId, limit: FEW_ROWS });
  if (stale.length === 0) return;
  const mended = await rebuild(deps, country, stale);
  if (stale.includes(practitionerId) && !mended.has(practitionerId))
    throw new AppError('in-progress', 'The row of the practitioner is being written.');
}
