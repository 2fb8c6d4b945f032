import type { Database } from '../../shared/db/client.ts';
import { releaseDueDeliveries } from '../../shared/db/notices.ts';
import { inBatches, type Task } from './task.ts';

const BATCH_DELIVERIES = 200;
const MOST_BATCHES = 100;

/** Asks for what was held until now to be sent. */
export function releaseNotices(db: Database): Task {
  return {
    name: 'release-notices',
    every: 'minute',
    run: (task) =>
      inBatches(task, MOST_BATCHES, () => releaseDueDeliveries(db, task.now, BATCH_DELIVERIES, task.traceparent)),
  };
}
