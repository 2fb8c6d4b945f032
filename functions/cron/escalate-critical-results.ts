import type { Database } from '../../shared/db/client.ts';
import { escalateDueAlerts } from '../../shared/db/critical-escalations.ts';
import { inBatches, type Task } from './task.ts';

const BATCH_ALERTS = 100;
const MOST_BATCHES = 100;

/** Alerts again to critical results that nobody has taken note of in time. */
export function escalateCriticalResults(db: Database): Task {
  return {
    name: 'escalate-critical-results',
    every: 'minute',
    run: (task) => inBatches(task, MOST_BATCHES, () => escalateDueAlerts(db, task, BATCH_ALERTS)),
  };
}
