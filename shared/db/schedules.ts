import { and, eq, inArray, sql } from 'drizzle-orm';

import type { Schedule, ScheduleException } from '../domain/schedule.ts';
import type { Queryable } from './client.ts';
import { publishedSchedules, type ScheduleExceptionJson } from './schema/practitioner.ts';

export type ScheduleRow = typeof publishedSchedules.$inferSelect;

export type FindSchedule = (country: string, practitionerId: string) => Promise<ScheduleRow | undefined>;

/**
 * Reads the working hours and exceptions of a practitioner, with the time zone they are meant in, each by a statement
 * that is planned once per connection.
 */
export function prepareFindSchedule(db: Queryable): FindSchedule {
  const statement = db
    .select()
    .from(publishedSchedules)
    .where(
      and(
        eq(publishedSchedules.country, sql.placeholder('country')),
        eq(publishedSchedules.practitionerId, sql.placeholder('practitionerId')),
      ),
    )
    .prepare('find_schedule');
  return async (country, practitionerId) => (await statement.execute({ country, practitionerId }))[0];
}

/** Those of the practitioners that exist, in no particular order. */
export async function listSchedules(
  db: Queryable,
  country: string,
  practitionerIds: readonly string[],
): Promise<ScheduleRow[]> {
  return db
    .select()
    .from(publishedSchedules)
    .where(
      and(eq(publishedSchedules.country, country), inArray(publishedSchedules.practitionerId, [...practitionerIds])),
    );
}

/** The schedule a row tells of. */
export function scheduleOf({ timeZone, workingHours, exceptions }: ScheduleRow): Schedule {
  return { timeZone, workingHours, exceptions: exceptionsOf(exceptions) };
}

export function exceptionsOf(exceptions: readonly ScheduleExceptionJson[]): ScheduleException[] {
  return exceptions.map((exception) => ({
    ...exception,
    firstDay: Temporal.PlainDate.from(exception.firstDay),
    lastDay: Temporal.PlainDate.from(exception.lastDay),
  }));
}
