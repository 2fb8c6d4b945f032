import { AppError } from '../../shared/errors.ts';
import { inBatches, type Task } from './task.ts';

/** Drops a batch of what nobody asks for any more; resolves to how many there were. */
export type Forget = (now: Temporal.Instant) => Promise<number>;

/** Once a day, the steps in turn. Throws `unavailable` where its tick has no time for all: the next one goes on. */
export function cleanUp(context: string, steps: readonly Forget[]): Task {
  return {
    name: `clean-up-${context}`,
    every: 'day',
    async run(task) {
      let total = 0;
      for (const forget of steps) total += await inBatches(task, Infinity, () => forget(task.now));
      if (task.signal.aborted) throw new AppError('unavailable', 'The tick has no time left.');
      return total;
    },
  };
}
