import type { Database } from '../../shared/db/client.ts';
import { saveTaskRun, type TaskTiming } from '../../shared/db/task-runs.ts';
import { AppError } from '../../shared/errors.ts';
import { type Lane, periodOf, type Task, type TaskContext } from './task.ts';

/** Of the cron context, and until when each task was done before. */
export type TaskRuns = { readonly db: Database; readonly runs: ReadonlyMap<string, Temporal.Instant> };

/** Runs the tasks of a lane that are due, one after the other. @returns the names of those that failed. */
export async function runLane(lane: Lane, context: TaskContext, { db, runs }: TaskRuns): Promise<string[]> {
  const failed: string[] = [];
  for (const task of lane) {
    const period = periodOf(task, context.now);
    const doneUntil = runs.get(task.name);
    if (doneUntil && Temporal.Instant.compare(doneUntil, period) >= 0) continue;
    const done = await runTask(task, context, (timing) => saveTaskRun(db, timing, period));
    if (!done) failed.push(task.name);
  }
  return failed;
}

/** A task that fails is told of here and nowhere else: those beside it and after it go on. */
async function runTask(
  task: Task,
  context: TaskContext,
  save: (timing: TaskTiming) => Promise<void>,
): Promise<boolean> {
  const startedAt = performance.now();
  const timing = () => ({ task: task.name, durationMs: Math.round(performance.now() - startedAt) });
  try {
    if (context.signal.aborted) throw new AppError('unavailable', 'The tick has no time left.');
    const count = await task.run(context);
    await save({ ...timing(), doneAt: context.now });
    context.log.info({ ...timing(), count }, 'task done');
    return true;
  } catch (error) {
    context.log.error({ ...timing(), err: error }, 'task failed');
    return false;
  }
}
