import { sql } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { taskRuns } from './schema/cron.ts';

/** Until when each task is done, by its name. */
export async function listTaskRuns(db: Queryable): Promise<ReadonlyMap<string, Temporal.Instant>> {
  const runs = await db.select().from(taskRuns);
  return new Map(runs.map(({ task, doneUntil }) => [task, doneUntil]));
}

/** Records that a task is done until then; never moves it back. */
export async function saveTaskRun(db: Queryable, task: string, doneUntil: Temporal.Instant): Promise<void> {
  await db
    .insert(taskRuns)
    .values({ task, doneUntil })
    .onConflictDoUpdate({
      target: taskRuns.task,
      set: { doneUntil: sql`greatest(${taskRuns.doneUntil}, excluded.done_until)` },
    });
}
