import { clearStale, tryLockDays } from '../../shared/db/availability.ts';
import type { AvailabilityBitmap } from '../../shared/redis/availability-bitmap.ts';
import type { Window } from '../../shared/redis/availability-runs.ts';
import { type PracticeCalendar, readCalendars, windowOf } from './calendar.ts';
import type { Deps } from './deps.ts';

/**
 * Writes what the bitmap does not know of the practitioners, and the rows that are stale as a whole. Whose days are being
 * written at this moment is left out: who asked answers from PostgreSQL rather than wait.
 * @returns those whose rows may be believed now.
 */
export async function rebuild(
  { db, ...deps }: Omit<Deps, 'publish'>,
  country: string,
  practitionerIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const bitmap = deps.bitmapOf(country);
  return db.transaction(async (tx) => {
    const locked = await tryLockDays(tx, practitionerIds);
    const calendars = await readCalendars(tx, deps, country, locked);
    const inOrder = calendars.toSorted((one, other) => one.practice.ordinal - other.practice.ordinal);
    const stale = inOrder.filter(({ practice }) => practice.rowIsStale);
    await overwrite(bitmap, windowsOf(stale, bitmap.windowDays));
    await clearStale(tx, country, idsOf(stale));
    const others = inOrder.filter(({ practice }) => !practice.rowIsStale);
    await bitmap.fill(windowsOf(others, bitmap.windowDays));
    return new Set(idsOf(inOrder));
  });
}

/**
 * Redis may still be about to carry out what it was sent and did not answer in time: that is over when it has answered
 * something that was sent later.
 */
async function overwrite(bitmap: AvailabilityBitmap, windows: readonly Window[]): Promise<void> {
  await Promise.all(windows.map(({ ordinal }) => bitmap.forget(ordinal)));
  await bitmap.writeRows(windows);
}

function windowsOf(calendars: readonly PracticeCalendar[], days: number): Window[] {
  return calendars.map((calendar) => windowOf(calendar, days));
}

function idsOf(calendars: readonly PracticeCalendar[]): string[] {
  return calendars.map(({ practice }) => practice.practitionerId);
}
