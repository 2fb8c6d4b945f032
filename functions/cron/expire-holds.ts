import { lockExpiredHolds } from '../../shared/db/bookings.ts';
import type { Database } from '../../shared/db/client.ts';
import { releaseHold } from '../../shared/db/holds.ts';
import { inBatches, type Task, type TaskContext } from './task.ts';

const BATCH_HOLDS = 100;
const MOST_BATCHES = 100;

/** Gives back what was held and not confirmed in time. */
export function expireHolds(db: Database): Task {
  return {
    name: 'expire-holds',
    every: 'minute',
    run: (task) => inBatches(task, MOST_BATCHES, () => expireBatch(db, task)),
  };
}

async function expireBatch(db: Database, { now, traceparent }: TaskContext): Promise<number> {
  return db.transaction(async (tx) => {
    const holds = await lockExpiredHolds(tx, now, BATCH_HOLDS);
    for (const hold of holds) {
      await releaseHold(tx, hold, { cause: 'expired', now, actedBy: 'cron', actedAs: 'system', traceparent });
    }
    return holds.length;
  });
}
