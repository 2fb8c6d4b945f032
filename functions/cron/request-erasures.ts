import type { Database } from '../../shared/db/client.ts';
import { askAgainForErasures } from '../../shared/db/erasures.ts';
import type { Task } from './task.ts';

const MOST_ERASURES = 100;

/** Asks again for erasures that were given up: nobody but the one who is erased would miss them. */
export function requestErasures(worker: Database): Task {
  return {
    name: 'request-erasures',
    every: 'minute',
    run: (task) => askAgainForErasures(worker, task, MOST_ERASURES),
  };
}
