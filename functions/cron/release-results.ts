import type { Database } from '../../shared/db/client.ts';
import { releaseDueReports } from '../../shared/db/due-results.ts';
import { inBatches, type Task } from './task.ts';

const BATCH_REPORTS = 100;
const MOST_BATCHES = 100;

/** Lets patients see the reports whose time has come. */
export function releaseResults(db: Database): Task {
  return {
    name: 'release-results',
    every: 'minute',
    run: (task) => inBatches(task, MOST_BATCHES, () => releaseDueReports(db, task, BATCH_REPORTS)),
  };
}
