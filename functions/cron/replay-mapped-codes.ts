import type { Database } from '../../shared/db/client.ts';
import { replayMappedCodes as replay } from '../../shared/db/parked-results.ts';
import type { Task } from './task.ts';

const MOST_REPORTS = 10_000;

/** Sees to the results that wait for a code which somebody has mapped. */
export function replayMappedCodes(db: Database): Task {
  return {
    name: 'replay-mapped-codes',
    every: 'minute',
    run: (task) => replay(db, task, MOST_REPORTS),
  };
}
