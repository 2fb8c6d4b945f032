import { and, asc, eq, gt, inArray, lt, type SQL, sql } from 'drizzle-orm';

import type { Interval } from '../domain/interval.ts';
import type { BusySlot } from '../domain/openings.ts';
import type { Schedule } from '../domain/schedule.ts';
import type { VisitType } from '../domain/visit-type.ts';
import type { Queryable } from './client.ts';
import { listSchedules, scheduleOf } from './schedules.ts';
import { busySlots, publishedPractitioners, staleRows, visitTypes } from './schema/practitioner.ts';

/** When a practitioner works and what can be booked with them. */
export type Practice = {
  readonly country: string;
  readonly practitionerId: string;
  /** Row of the availability bitmap. */
  readonly ordinal: number;
  readonly schedule: Schedule;
  readonly visitTypes: readonly VisitType[];
  /** Whether that row lacks something, so that it is not to be believed. */
  readonly rowIsStale: boolean;
};

/** What a booking event says of a practitioner's time. An inactive one leaves it free. */
export type BusySlotRow = typeof busySlots.$inferInsert;

/** Those of the practitioners that exist, in no particular order. */
export async function listPractices(
  db: Queryable,
  country: string,
  practitionerIds: readonly string[],
): Promise<Practice[]> {
  const schedules = await listSchedules(db, country, practitionerIds);
  const offered = await db
    .select()
    .from(visitTypes)
    .where(and(eq(visitTypes.country, country), inArray(visitTypes.practitionerId, [...practitionerIds])));
  return schedules.map((row) => ({
    country,
    practitionerId: row.practitionerId,
    ordinal: row.ordinal,
    schedule: scheduleOf(row),
    visitTypes: offered.filter(({ practitionerId }) => practitionerId === row.practitionerId),
    rowIsStale: row.rowIsStale,
  }));
}

/** What takes time of each of the practitioners within a span, in order of time. */
export async function listBusySlots(
  db: Queryable,
  country: string,
  practitionerIds: readonly string[],
  { start, end }: Interval,
): Promise<Map<string, BusySlot[]>> {
  const { practitionerId, visitTypeId, slotStart, busyStart, busyEnd } = busySlots;
  const rows = await db
    .select({ practitionerId, visitTypeId, slotStart, busyStart, busyEnd })
    .from(busySlots)
    .where(
      and(
        eq(busySlots.country, country),
        inArray(practitionerId, [...practitionerIds]),
        // In words: a parameter would keep the planner from the partial index.
        sql`${busySlots.active}`,
        lt(busyStart, end),
        gt(busyEnd, start),
      ),
    )
    .orderBy(asc(busyStart));
  return Map.groupBy(rows, (row) => row.practitionerId);
}

/**
 * Keeps what the newest version of a booking says; an older one changes nothing.
 * @returns the time that the booking took before, if any.
 */
export async function saveBusySlot(db: Queryable, row: BusySlotRow): Promise<Interval | undefined> {
  const { country, bookingId } = busySlots;
  const [former] = await db
    .select({ busyStart: busySlots.busyStart, busyEnd: busySlots.busyEnd })
    .from(busySlots)
    .where(and(eq(country, row.country), eq(bookingId, row.bookingId)));
  await db
    .insert(busySlots)
    .values(row)
    .onConflictDoUpdate({ target: [country, bookingId], set: row, setWhere: lt(busySlots.version, row.version) });
  return former && { start: former.busyStart, end: former.busyEnd };
}

/** Waits until no other transaction writes the practitioner's days, and keeps others waiting until this one ends. */
export async function lockDays(tx: Queryable, practitionerId: string): Promise<void> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(${lockKey(practitionerId)})`);
}

/** Locks those of the practitioners whose days nobody writes now. */
export async function tryLockDays(tx: Queryable, practitionerIds: readonly string[]): Promise<string[]> {
  const { rows } = await tx.execute<{ id: string; locked: boolean }>(sql`
    SELECT id, pg_try_advisory_xact_lock(${lockKey(sql`id`)}) AS locked
    FROM unnest(${sql.param([...practitionerIds])}::text[]) AS id`);
  return rows.filter(({ locked }) => locked).map(({ id }) => id);
}

/** Ordinals from `first` up to and without `end`. */
export type OrdinalRange = { readonly first: number; readonly end: number };

/** As `lockDays` does, of everybody in a range; who locks several has to do it in this order, that of their ordinals. */
export async function lockDaysOfRange(tx: Queryable, country: string, { first, end }: OrdinalRange): Promise<void> {
  const practitioner = publishedPractitioners;
  await tx.execute(sql`
    SELECT count(pg_advisory_xact_lock(${lockKey(sql`id`)})) FROM (
      SELECT ${practitioner.id} FROM ${practitioner}
      WHERE ${practitioner.country} = ${country} AND ${practitioner.ordinal} >= ${first} AND ${practitioner.ordinal} < ${end}
      ORDER BY ${practitioner.ordinal}
    ) AS everybody`);
}

/** Says that Redis did not take what is kept of a practitioner. */
export async function markStale(tx: Queryable, country: string, practitionerId: string): Promise<void> {
  await tx.insert(staleRows).values({ country, practitionerId }).onConflictDoNothing();
}

/** Says that Redis holds what is kept of the practitioners; the transaction has locked their days. */
export async function clearStale(tx: Queryable, country: string, practitionerIds: readonly string[]): Promise<void> {
  if (practitionerIds.length === 0) return;
  await tx
    .delete(staleRows)
    .where(and(eq(staleRows.country, country), inArray(staleRows.practitionerId, [...practitionerIds])));
}

/** So many of the practitioners whose rows are stale, from `first` on: it is among them, if its row is, and others ask for others. */
export async function listStale(
  db: Queryable,
  country: string,
  { first, limit }: { readonly first: string; readonly limit: number },
): Promise<string[]> {
  const { practitionerId } = staleRows;
  const stale = (where: SQL) =>
    sql`(SELECT ${practitionerId} AS id FROM ${staleRows} WHERE ${staleRows.country} = ${country} AND ${where} ORDER BY id LIMIT ${limit})`;
  const { rows } = await db.execute<{ id: string }>(
    sql`${stale(sql`${practitionerId} >= ${first}`)} UNION ALL ${stale(sql`${practitionerId} < ${first}`)} LIMIT ${limit}`,
  );
  return rows.map(({ id }) => id);
}

/** Of its own among advisory locks, which all contexts of a server share; an id may be written in several ways. */
function lockKey(practitionerId: unknown) {
  return sql`hashtextextended('availability/' || ${practitionerId}::uuid::text, 0)`;
}
