import type { Database } from '../../shared/db/client.ts';
import { releaseDueReports } from '../../shared/db/due-results.ts';
import type { Task } from './task.ts';

const MOST_REPORTS = 10_000;

/** Lets patients see the reports whose time has come. */
export function releaseResults(db: Database): Task {
  return {
    name: 'release-results',
    every: 'minute',
    run: (task) => releaseDueReports(db, task, MOST_REPORTS),
  };
}
