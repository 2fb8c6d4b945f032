import type { Dice } from '../../infra/seed/dice.ts';
import { shuffled } from '../load/offers.ts';

export const functions = ['booking', 'availability', 'notifications', 'cron'] as const;
export const services = ['kafka', 'redis', 'postgres'] as const;

export type Target = (typeof functions)[number] | (typeof services)[number];

/** A part that is killed: how long after the one before has recovered, and how long it stays away. */
export type Fault = { readonly target: Target; readonly afterMs: number; readonly downMs: number };

export type Pace = {
  /** The longest quiet time between two faults. */
  readonly mostAfterMs: number;
  /** The longest a service stays away; a function is started again by the next request. */
  readonly mostDownMs: number;
};

const LEAST_MS = 200;

/** Without an end, round by round: each part once in a round, in an order of its own. */
export function* planFaults(dice: Dice, { mostAfterMs, mostDownMs }: Pace): Generator<Fault> {
  for (;;) {
    for (const target of shuffled<Target>([...functions, ...services], dice)) {
      yield { target, afterMs: LEAST_MS + dice.below(mostAfterMs), downMs: LEAST_MS + dice.below(mostDownMs) };
    }
  }
}
