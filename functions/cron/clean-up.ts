import { inBatches, type Task } from './task.ts';

/** Drops a batch of what nobody asks for any more; resolves to how many there were. */
export type Forget = (now: Temporal.Instant) => Promise<number>;

const MOST_BATCHES = 1_000;

/** Once a day, the steps in turn. */
export function cleanUp(context: string, steps: readonly Forget[]): Task {
  return {
    name: `clean-up-${context}`,
    every: 'day',
    async run(task) {
      let total = 0;
      for (const forget of steps) total += await inBatches(task, MOST_BATCHES, () => forget(task.now));
      return total;
    },
  };
}
