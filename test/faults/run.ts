import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { careflowHome } from '../../infra/local/home.ts';
import { type RunningPlatform, startPlatform } from '../../infra/local/platform.ts';
import { freePort } from '../../infra/local/services/free-port.ts';
import { kafkaJars } from '../../infra/local/services/kafka-jars.ts';
import { createDice } from '../../infra/seed/dice.ts';
import type { Check } from '../load/check.ts';
import { runLoad } from '../load/run.ts';
import { createKill } from './kill.ts';
import { type Fault, functions, type Pace, planFaults, services, type Target } from './schedule.ts';

export type FaultsOptions = {
  /** An empty folder for data and logs. */
  readonly home: string;
  /** The same seed kills the same parts in the same order after the same pauses. */
  readonly seed: string;
  /** Faults go on for so long, and until every part was killed once. */
  readonly durationMs: number;
  readonly pace: Pace;
  readonly concurrency: number;
  readonly perSecond: number;
  readonly say: (line: string) => void;
};

export type FaultsRun = { readonly faults: readonly Fault[]; readonly checks: readonly Check[] };

/** The mailbox keeps what so many bookings bring about. */
const MOST_BOOKINGS = 20_000;

/** Runs a platform of its own, kills its parts under load, and proves that what was answered holds all the same. */
export async function runFaults(options: FaultsOptions): Promise<FaultsRun> {
  const { home, say } = options;
  await shareJars(home);
  await mkdir(join(home, 'logs'));
  const log = createWriteStream(join(home, 'logs', 'functions.log'));
  const running = await startPlatform({
    home,
    port: await freePort(),
    eventLog: 'kafka',
    environment: {},
    onProgress: say,
    onLine: (source, line) => log.write(`${source} ${line}\n`),
  });
  try {
    return await loadUnderFaults(options, running);
  } finally {
    await running.stop();
    log.end();
  }
}

/** The server of PostgreSQL runs as another user; Kafka's jars are the same for every home. */
async function shareJars(home: string): Promise<void> {
  await chmod(home, 0o755);
  const libs = await kafkaJars(join(careflowHome(), 'kafka', 'libs'));
  await mkdir(join(home, 'kafka'));
  await symlink(libs, join(home, 'kafka', 'libs'));
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
