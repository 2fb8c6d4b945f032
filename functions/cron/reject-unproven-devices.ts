import type { Database } from '../../shared/db/client.ts';
import { rejectUnproven } from '../../shared/db/unproven-devices.ts';
import { inBatches, type Task, type TaskContext } from './task.ts';

const BATCH_DEVICES = 100;
const MOST_BATCHES = 100;

/** A nonce lasts minutes; whoever needs longer asks for another one. */
const PROOF_AWAITED = { hours: 24 };

/** Gives up devices that were sent a nonce a day ago and have not answered. */
export function rejectUnprovenDevices(db: Database): Task {
  return {
    name: 'reject-unproven-devices',
    every: 'day',
    run: (task) => inBatches(task, MOST_BATCHES, () => rejectBatch(db, task)),
  };
}

async function rejectBatch(db: Database, { now, traceparent }: TaskContext): Promise<number> {
  const due = { before: now.subtract(PROOF_AWAITED), limit: BATCH_DEVICES };
  return db.transaction((tx) => rejectUnproven(tx, due, { now, traceparent }));
}
