import { and, eq, inArray } from 'drizzle-orm';

import type { Schedule, ScheduleException } from '../domain/schedule.ts';
import type { Queryable } from './client.ts';
import { publishedSchedules, type ScheduleExceptionJson } from './schema/practitioner.ts';

export type ScheduleRow = typeof publishedSchedules.$inferSelect;

/** The working hours and exceptions of a practitioner, with the time zone they are meant in. */
export async function findSchedule(
  db: Queryable,
  country: string,
  practitionerId: string,
): Promise<ScheduleRow | undefined> {
  const [schedule] = await listSchedules(db, country, [practitionerId]);
  return schedule;
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
