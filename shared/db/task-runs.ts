import { asc, sql } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { taskRuns } from './schema/cron.ts';

/** When a task was last done, and how long that took. */
export type TaskTiming = { readonly task: string; readonly doneAt: Temporal.Instant; readonly durationMs: number };

/** Until when each task is done, by its name. */
export async function listTaskRuns(db: Queryable): Promise<ReadonlyMap<string, Temporal.Instant>> {
  const runs = await db.select().from(taskRuns);
  return new Map(runs.map(({ task, doneUntil }) => [task, doneUntil]));
}

export async function listTaskTimings(db: Queryable): Promise<TaskTiming[]> {
  const { task, doneAt, durationMs } = taskRuns;
  return db.select({ task, doneAt, durationMs }).from(taskRuns).orderBy(asc(task));
}

/** Records that a task is done until then; never moves it back. */
export async function saveTaskRun(db: Queryable, timing: TaskTiming, doneUntil: Temporal.Instant): Promise<void> {
  const { doneAt, durationMs } = timing;
  await db
    .insert(taskRuns)
    .values({ ...timing, doneUntil })
    .onConflictDoUpdate({
      target: taskRuns.task,
      set: { doneAt, durationMs, doneUntil: sql`greatest(${taskRuns.doneUntil}, excluded.done_until)` },
    });
}
