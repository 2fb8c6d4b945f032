import { randomUUIDv7 } from 'node:crypto';

import { and, asc, eq } from 'drizzle-orm';

import { PractitionerScheduleChanged } from '../../schemas/events/practitioner.v1.ts';
import type { Queryable } from './client.ts';
import { enqueue, outgoing } from './outbox.ts';
import { practitionerOutbox, practitioners, staleRows } from './schema/practitioner.ts';

export async function hasStaleRows(db: Queryable): Promise<boolean> {
  const found = await db.select({ practitionerId: staleRows.practitionerId }).from(staleRows).limit(1);
  return found.length > 0;
}

/**
 * Tells of the schedules of practitioners whose row of the bitmap is stale as of changed ones, up to `limit`: whoever derives
 * something from them does so anew. Resolves to how many there were.
 */
export async function announceStaleRows(
  db: Queryable,
  limit: number,
  { now, traceparent }: { readonly now: Temporal.Instant; readonly traceparent: string },
): Promise<number> {
  const stale = await db
    .select({
      country: staleRows.country,
      practitionerId: staleRows.practitionerId,
      version: practitioners.version,
      timeZone: practitioners.timeZone,
    })
    .from(staleRows)
    .innerJoin(
      practitioners,
      and(eq(practitioners.country, staleRows.country), eq(practitioners.id, staleRows.practitionerId)),
    )
    .orderBy(asc(staleRows.country), asc(staleRows.practitionerId))
    .limit(limit);
  const events = stale.map(({ country, practitionerId, version, timeZone }) =>
    outgoing(PractitionerScheduleChanged, {
      id: randomUUIDv7(),
      subject: practitionerId,
      partitionKey: practitionerId,
      time: now,
      traceparent,
      data: { practitionerId, country, version, from: now.toZonedDateTimeISO(timeZone).toPlainDate().toString() },
    }),
  );
  await enqueue(db, practitionerOutbox, events);
  return events.length;
}
