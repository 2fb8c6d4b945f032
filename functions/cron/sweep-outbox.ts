import type { Database } from '../../shared/db/client.ts';
import { type AppendEvents, createOutboxRelay } from '../../shared/db/outbox-relay.ts';
import type { OutboxTable } from '../../shared/db/schema/outbox.ts';
import { inBatches, type Task } from './task.ts';

const BATCH_EVENTS = 500;
const MOST_BATCHES = 100;

/**
 * Publishes what a crash, or an event log that was away, left in a context's outbox. What is swept in two lanes has a name
 * in each.
 */
export function sweepOutbox(name: string, db: Database, outbox: OutboxTable, append: AppendEvents): Task {
  const relay = createOutboxRelay(db, outbox, append);
  return {
    name: `sweep-${name}-outbox`,
    every: 'minute',
    run: (task) => inBatches(task, MOST_BATCHES, () => relay.send(BATCH_EVENTS)),
  };
}
