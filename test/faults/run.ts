import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import type { RunningPlatform } from '../../infra/local/platform.ts';
import { createDice } from '../../infra/seed/dice.ts';
import type { Check } from '../load/check.ts';
import { runLoad } from '../load/run.ts';
import { createKill } from './kill.ts';
import { type OwnPlatform, withPlatform } from './own-platform.ts';
import { type Fault, functions, type Pace, planFaults, services, type Target } from './schedule.ts';

export type FaultsOptions = OwnPlatform & {
  /** The same seed kills the same parts in the same order after the same pauses. */
  readonly seed: string;
  /** Faults go on for so long, and until every part was killed once. */
  readonly durationMs: number;
  readonly pace: Pace;
  readonly concurrency: number;
  readonly perSecond: number;
};

export type FaultsRun = { readonly faults: readonly Fault[]; readonly checks: readonly Check[] };

/** The mailbox keeps what so many bookings bring about. */
const MOST_BOOKINGS = 20_000;

/** Runs a platform of its own, kills its parts under load, and proves that what was answered holds all the same. */
export async function runFaults(options: FaultsOptions): Promise<FaultsRun> {
  return withPlatform(options, (running) => loadUnderFaults(options, running));
}

async function loadUnderFaults(options: FaultsOptions, running: RunningPlatform): Promise<FaultsRun> {
  const { seed, concurrency, perSecond, say } = options;
  const over = new AbortController();
  const begun = Promise.withResolvers<void>();
  let booked = 0;
  const injected = begun.promise.then(() => injectFaults(options, running, () => booked)).finally(() => over.abort());
  // Whoever waits for it is told.
  injected.catch(() => undefined);
  const checks = await runLoad({
    platform: running.platform,
    subject: `faults-${randomUUID()}`,
    dice: createDice(`load ${seed}`),
    bookings: MOST_BOOKINGS,
    signal: over.signal,
    concurrency,
    perSecond,
    onProgress: (count) => {
      booked = count;
      begun.resolve();
    },
    onLoaded: async () => void (await injected),
    say,
  });
  return { faults: await injected, checks };
}

async function injectFaults(
  { home, seed, durationMs, pace, say }: FaultsOptions,
  running: RunningPlatform,
  booked: () => number,
): Promise<Fault[]> {
  const kill = createKill(running, home);
  const startedAt = performance.now();
  const done: Fault[] = [];
  for (const fault of planFaults(createDice(`faults ${seed}`), pace)) {
    const elapsedMs = performance.now() - startedAt;
    if (elapsedMs > durationMs && everyPartIn(done)) break;
    await delay(fault.afterMs);
    const restore = await kill(fault.target);
    say(`${(elapsedMs / 1_000).toFixed(1).padStart(7)} s  ${booked()} booked, killed ${fault.target}`);
    await delay(fault.downMs);
    await restore();
    done.push(fault);
  }
  return done;
}

function everyPartIn(faults: readonly Fault[]): boolean {
  const killed = new Set<Target>(faults.map(({ target }) => target));
  return [...functions, ...services].every((target) => killed.has(target));
}
