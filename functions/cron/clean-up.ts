import type { Task } from './task.ts';

/** Drops what nobody asks for any more. */
export type Forget = (now: Temporal.Instant) => Promise<unknown>;

/** Once a day, the steps in turn. */
export function cleanUp(context: string, steps: readonly Forget[]): Task {
  return {
    name: `clean-up-${context}`,
    every: 'day',
    async run({ now }) {
      for (const forget of steps) await forget(now);
      return undefined;
    },
  };
}
