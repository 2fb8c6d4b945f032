import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import type { MinuteTicked } from '../../schemas/events/platform.v1.ts';
import type { Database } from '../../shared/db/client.ts';
import { type Lease, releaseLease, takeLease } from '../../shared/db/leases.ts';
import { listTaskRuns } from '../../shared/db/task-runs.ts';
import { AppError } from '../../shared/errors.ts';
import type { EventHandler } from '../../shared/runtime/function.ts';
import { runLane } from './run-lane.ts';
import type { Lane, TaskContext } from './task.ts';

export type TickLimits = {
  /** No batch begins after this. */
  readonly stopAfterMs: number;
  /** The tick is answered by then, whatever is still under way. */
  readonly answerAfterMs: number;
  /** More than `answerAfterMs`, less than the time to the next tick. */
  readonly leaseSeconds: number;
};

export const minuteLimits: TickLimits = { stopAfterMs: 40_000, answerAfterMs: 50_000, leaseSeconds: 55 };

export type Deps = {
  /** Of the cron context. */
  readonly db: Database;
  readonly lanes: readonly Lane[];
  readonly now: () => Temporal.Instant;
  readonly limits: TickLimits;
};

/** How far the clock of whoever sends the ticks may be ahead of ours. */
const CLOCK_SKEW = { minutes: 1 };

/**
 * Runs the tasks that are not done for this minute, or this day, lanes side by side. A tick that finds another under way
 * has nothing to do. Throws `unavailable` after all were tried when one failed: PingSource sends the tick again, and
 * only what failed is run again.
 */
export function runTick(deps: Deps): EventHandler<typeof MinuteTicked> {
  return async (event, { log, traceparent }) => {
    const now = timeOf(event, deps.now());
    const lease = { name: 'minute', holder: randomUUID() };
    try {
      if (await takeLease(deps.db, lease, deps.limits.leaseSeconds))
        await runLanes(deps, lease, { log, traceparent, now });
      else log.info('another tick is under way');
    } catch (error) {
      // Whatever it was: anything else but `unavailable` would lose the tick (PingSource does not retry on 500).
      throw new AppError('unavailable', 'The tick is not done.', {}, { cause: error });
    }
  };
}

async function runLanes(deps: Deps, lease: Lease, context: Omit<TaskContext, 'signal'>): Promise<void> {
  let isOver = true;
  try {
    const failed = await Promise.race([runAll(deps, context), late(deps.limits)]);
    isOver = failed !== undefined;
    if (!failed) throw new Error('tasks are still under way');
    if (failed.length > 0) throw new Error(`tasks failed: ${failed.join(', ')}`);
  } finally {
    // What is still under way keeps the lease until it runs out.
    if (isOver) await releaseLease(deps.db, lease);
  }
}

async function runAll({ db, lanes, limits }: Deps, context: Omit<TaskContext, 'signal'>): Promise<string[]> {
  const signal = AbortSignal.timeout(limits.stopAfterMs);
  const runs = await listTaskRuns(db);
  const failed = await Promise.all(lanes.map((lane) => runLane(lane, { ...context, signal }, { db, runs })));
  return failed.flat();
}

function late({ answerAfterMs }: TickLimits): Promise<undefined> {
  return delay(answerAfterMs, undefined, { ref: false });
}

/** The tick's own time or ours, whichever is later: a tick that comes late does what is due by now. */
function timeOf({ time }: { readonly time: string }, now: Temporal.Instant): Temporal.Instant {
  const ticked = Temporal.Instant.from(time);
  if (Temporal.Instant.compare(ticked, now.add(CLOCK_SKEW)) > 0) {
    throw new AppError('unprocessable', 'The tick is of a time to come.');
  }
  return Temporal.Instant.compare(ticked, now) > 0 ? ticked : now;
}
