import { sql } from 'drizzle-orm';

import type { Interval } from '../domain/interval.ts';
import type { Schedule, WorkingHours } from '../domain/schedule.ts';
import type { Span } from '../domain/zone.ts';
import type { OrdinalRange } from './availability.ts';
import type { Queryable } from './client.ts';
import { exceptionsOf } from './schedules.ts';
import { publishedBusySlots, publishedPractitioners, publishedSchedules } from './schema/practitioner.ts';
import { statement } from './statement.ts';

/** All that a practitioner's row of the availability bitmap is computed from. */
export type CalendarRow = {
  readonly ordinal: number;
  readonly schedule: Schedule;
  /** In no particular order. */
  readonly busy: readonly Span[];
};

/** Everybody's ordinal is below it. */
export async function ordinalsEnd(db: Queryable, country: string): Promise<number> {
  const { ordinal } = publishedPractitioners;
  const { rows } = await db.execute<{ end: number }>(sql`
    SELECT coalesce(max(${ordinal}) + 1, 0) AS end
    FROM ${publishedPractitioners} WHERE ${publishedPractitioners.country} = ${country}`);
  return rows[0]?.end ?? 0;
}

const [schedule, busySlot] = [publishedSchedules, publishedBusySlots];

type Row = {
  readonly ordinal: number;
  readonly timeZone: string;
  readonly hours: string;
  readonly exceptions: string;
  readonly busy: string | null;
};

/** One statement, and text where that is read faster: this is asked for hundreds of thousands. */
const calendarRows = statement<Row>(
  'calendar-rows',
  sql`SELECT ${schedule.ordinal} AS ordinal, ${schedule.timeZone} AS "timeZone",
      ${schedule.workingHours}::text AS hours, ${schedule.exceptions}::text AS exceptions,
      (
        SELECT string_agg(${epochMs(busySlot.busyStart)} || ' ' || ${epochMs(busySlot.busyEnd)}, ' ')
        FROM ${busySlot}
        WHERE ${busySlot.country} = ${schedule.country} AND ${busySlot.practitionerId} = ${schedule.practitionerId}
          AND ${busySlot.busyStart} < ${sql.placeholder('end')} AND ${busySlot.busyEnd} > ${sql.placeholder('start')}
      ) AS busy
    FROM ${schedule}
    WHERE ${schedule.country} = ${sql.placeholder('country')} AND ${schedule.ordinal} >= ${sql.placeholder('first')}
      AND ${schedule.ordinal} < ${sql.placeholder('last')}
    ORDER BY ${schedule.ordinal}`,
);

/** In the order of their ordinals, with what takes time within a span. */
export async function listCalendarRows(
  db: Queryable,
  country: string,
  { first, end }: OrdinalRange,
  span: Interval,
): Promise<CalendarRow[]> {
  const [from, until] = [span.start.toString(), span.end.toString()];
  const { rows } = await calendarRows(db, { country, first, last: end, start: from, end: until });
  return rows.map(({ ordinal, timeZone, hours, exceptions, busy }) => ({
    ordinal,
    schedule: { timeZone, workingHours: hoursOf(hours), exceptions: exceptionsOf(JSON.parse(exceptions)) },
    busy: busy === null ? [] : spansOf(busy.split(' ').map(Number)),
  }));
}

/** Most work the same hours as others. To be the same also makes their days be computed once (`windowBits`). */
const knownHours = new Map<string, readonly WorkingHours[]>();
const MAX_HOURS = 10_000;

function hoursOf(text: string): readonly WorkingHours[] {
  const known = knownHours.get(text);
  if (known) return known;
  if (knownHours.size >= MAX_HOURS) knownHours.clear();
  const hours: readonly WorkingHours[] = JSON.parse(text);
  knownHours.set(text, hours);
  return hours;
}

function spansOf(ends: readonly number[]): Span[] {
  const found: Span[] = [];
  for (let at = 0; at + 1 < ends.length; at += 2) found.push({ startMs: ends[at] ?? 0, endMs: ends[at + 1] ?? 0 });
  return found;
}

function epochMs(column: unknown) {
  return sql`floor(extract(epoch FROM ${column}) * 1000)::bigint`;
}
