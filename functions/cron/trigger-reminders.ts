import type { Database } from '../../shared/db/client.ts';
import { triggerDueReminders } from '../../shared/db/reminders.ts';
import { inBatches, type Task } from './task.ts';

const BATCH_REMINDERS = 200;
const MOST_BATCHES = 100;

/** Asks for the reminders that have come due to be sent. */
export function triggerReminders(db: Database): Task {
  return {
    name: 'trigger-reminders',
    every: 'minute',
    run: (task) =>
      inBatches(task, MOST_BATCHES, () => triggerDueReminders(db, task.now, BATCH_REMINDERS, task.traceparent)),
  };
}
