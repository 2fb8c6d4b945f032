import { tryLockDays } from '../../shared/db/availability.ts';
import { readCalendars, windowOf } from './calendar.ts';
import type { Deps } from './deps.ts';

/**
 * Writes what the bitmap does not know of the practitioners. Whose days are being written at this moment is left out: who
 * asked answers from PostgreSQL rather than wait.
 */
export async function rebuild(deps: Deps, country: string, practitionerIds: readonly string[]): Promise<void> {
  const bitmap = deps.bitmapOf(country);
  await deps.db.transaction(async (tx) => {
    const locked = await tryLockDays(tx, practitionerIds);
    const calendars = await readCalendars(tx, deps, country, locked);
    const inOrder = calendars.toSorted((one, other) => one.practice.ordinal - other.practice.ordinal);
    await bitmap.fill(inOrder.map((calendar) => windowOf(calendar, bitmap.windowDays)));
  });
}
