import { randomUUIDv7 } from 'node:crypto';

import { asc, ne, sql } from 'drizzle-orm';

import { DependencyHealthChanged } from '../../schemas/events/platform.v1.ts';
import type { Database, Queryable } from './client.ts';
import { enqueue, outgoing, type OutgoingEvent } from './outbox.ts';
import { cronOutbox, dependencyHealth } from './schema/cron.ts';

export type Health = { readonly dependency: string; readonly healthy: boolean };

type HealthRow = typeof dependencyHealth.$inferSelect;

/**
 * Keeps what was observed, and enqueues DependencyHealthChanged for each state that differs from the last one known; a
 * dependency never seen before counts as healthy until then.
 * @returns the states that changed.
 */
export async function saveHealth(
  db: Database,
  observed: readonly Health[],
  { now, traceparent }: { now: Temporal.Instant; traceparent: string },
): Promise<Health[]> {
  if (observed.length === 0) return [];
  return db.transaction(async (tx) => {
    const written = await tx
      .insert(dependencyHealth)
      .values(observed.map((health) => ({ ...health, since: now })))
      .onConflictDoUpdate({
        target: dependencyHealth.dependency,
        set: { healthy: sql`excluded.healthy`, since: sql`excluded.since` },
        setWhere: ne(dependencyHealth.healthy, sql`excluded.healthy`),
      })
      // A row version that replaced none has no xmax.
      .returning({ ...columns, isNew: sql<boolean>`xmax = 0` });
    const changed = written.filter(({ isNew, healthy }) => !(isNew && healthy));
    const events = changed.map((health) => healthChanged(health, traceparent));
    await enqueue(tx, cronOutbox, events);
    return changed;
  });
}

/** How each dependency is, and since when. */
export async function listHealth(db: Queryable): Promise<HealthRow[]> {
  return db.select().from(dependencyHealth).orderBy(asc(dependencyHealth.dependency));
}

const columns = {
  dependency: dependencyHealth.dependency,
  healthy: dependencyHealth.healthy,
  since: dependencyHealth.since,
};

function healthChanged({ dependency, healthy, since }: HealthRow, traceparent: string): OutgoingEvent {
  return outgoing(DependencyHealthChanged, {
    id: randomUUIDv7(),
    subject: dependency,
    partitionKey: dependency,
    time: since,
    traceparent,
    data: { dependency, healthy, since: since.toString() },
  });
}
