import type { Logger } from 'pino';

export type TaskContext = {
  readonly now: Temporal.Instant;
  /** Aborts when no further batch may begin. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly traceparent: string;
};

/** Recurring work on stored state: it does all that is due by now, so a run that was missed is made up by the next. */
export type Task = {
  readonly name: string;
  readonly every: 'minute' | 'day';
  /** Resolves to how many things were done, where they are counted. */
  readonly run: (context: TaskContext) => Promise<number | undefined>;
};

/** Tasks in the order they run in; one that fails does not stop those after it. */
export type Lane = readonly Task[];

/** The start of the minute, or of the day in UTC, that a task is done for at `now`. */
export function periodOf({ every }: Pick<Task, 'every'>, now: Temporal.Instant): Temporal.Instant {
  return every === 'minute'
    ? now.round({ smallestUnit: 'minute', roundingMode: 'floor' })
    : now.round({ smallestUnit: 'hour', roundingIncrement: 24, roundingMode: 'floor' });
}

/** The task, which begins no batch after its share of a tick: what comes after it in its lane has the rest. */
export function withShare(milliseconds: number, task: Task): Task {
  return {
    ...task,
    run: (context) => {
      const signal = AbortSignal.any([context.signal, AbortSignal.timeout(milliseconds)]);
      return task.run({ ...context, signal });
    },
  };
}

/** Repeats a batch until one finds nothing to do; what the bounds leave over is for the next run. */
export async function inBatches(
  { signal }: Pick<TaskContext, 'signal'>,
  most: number,
  batch: () => Promise<number>,
): Promise<number> {
  let total = 0;
  for (let batches = 0; batches < most && !signal.aborted; batches += 1) {
    const done = await batch();
    if (done === 0) break;
    total += done;
  }
  return total;
}
