import { type Changes, createChanges } from './changes.ts';
import { type Instance, type InstanceOptions, startInstance } from './instance.ts';

export type FleetOptions = InstanceOptions & {
  minScale: number;
  maxScale: number;
  /** A process that has had nothing to do for so long is stopped. */
  idleMs: number;
  /** How long an idle process may take to stop. */
  graceMs: number;
  /** Whether a request waits for a process. */
  isWanted: () => boolean;
  /** Called when a process may have become free, and when one has ended. */
  onChange: () => void;
  /** Called when a process could not be started. */
  onStillborn: () => void;
};

export type Replica = Instance & {
  isReady: boolean;
  running: number;
  lastUsedMs: number;
  stopWatching: () => void;
};

/** The processes of one service, none to `maxScale`. */
export type Fleet = {
  readonly options: FleetOptions;
  readonly replicas: Set<Replica>;
  /** Starts and stops under way. */
  readonly moving: Set<Promise<void>>;
  readonly changes: Changes;
  starting: number;
  /** Nothing is started by itself any more; what is wanted still is. */
  isDraining: boolean;
  isClosed: boolean;
  cancelRestart: () => void;
};

const restartDelayMs = 1000;

export function createFleet(options: FleetOptions): Fleet {
  const fleet: Fleet = {
    options,
    replicas: new Set(),
    moving: new Set(),
    changes: createChanges(),
    starting: 0,
    isDraining: false,
    isClosed: false,
    cancelRestart: doNothing,
  };
  fill(fleet);
  return fleet;
}

function doNothing(): void {}

/** The ready process with the fewest requests, if it has fewer than `concurrency`. */
export function freest(fleet: Fleet, concurrency: number): Replica | undefined {
  let best: Replica | undefined;
  for (const replica of fleet.replicas) {
    if (replica.isReady && replica.running < (best?.running ?? concurrency)) best = replica;
  }
  return best;
}

/** Starts one more process, unless one is starting already or there are enough. */
export function grow(fleet: Fleet): void {
  if (fleet.starting > 0 || fleet.replicas.size >= fleet.options.maxScale) return;
  fleet.starting += 1;
  const started = start(fleet).catch((error: unknown) => {
    fleet.options.log(`could not start: ${error instanceof Error ? error.message : String(error)}`);
    fleet.options.onStillborn();
  });
  track(fleet, started, () => {
    fleet.starting -= 1;
    fleet.options.onChange();
  });
}

async function start(fleet: Fleet): Promise<void> {
  const { options, replicas } = fleet;
  const instance = await startInstance(options);
  if (fleet.isClosed) return instance.stop(0);
  const lastUsedMs = options.clock.now().epochMilliseconds;
  const replica = { ...instance, isReady: false, running: 0, lastUsedMs, stopWatching: doNothing };
  replicas.add(replica);
  watchIdle(fleet, replica, options.idleMs);
  void instance.exited.then((outcome) => noticeExit(fleet, replica, outcome));
  await instance.ready;
  replica.isReady = true;
  fill(fleet);
}

function noticeExit(fleet: Fleet, replica: Replica, outcome: string): void {
  const { options, replicas } = fleet;
  replica.stopWatching();
  if (replicas.delete(replica) && !fleet.isDraining) {
    options.log(`ended by itself: ${outcome}`);
    fleet.cancelRestart();
    if (replicas.size < options.minScale) fleet.cancelRestart = options.clock.after(restartDelayMs, () => fill(fleet));
    options.onChange();
  }
  fleet.changes.notify();
}

function fill(fleet: Fleet): void {
  if (!fleet.isDraining && fleet.replicas.size < fleet.options.minScale) grow(fleet);
}

function watchIdle(fleet: Fleet, replica: Replica, delayMs: number): void {
  const { clock, idleMs, minScale, isWanted } = fleet.options;
  replica.stopWatching = clock.after(delayMs, () => {
    const restMs = replica.lastUsedMs + idleMs - clock.now().epochMilliseconds;
    const isIdle = replica.running === 0 && !isWanted() && restMs <= 0;
    if (isIdle && fleet.replicas.size > minScale) retire(fleet, replica);
    else watchIdle(fleet, replica, restMs > 0 ? restMs : idleMs);
  });
}

function retire(fleet: Fleet, replica: Replica): void {
  fleet.replicas.delete(replica);
  fleet.options.log('idle, stopping');
  track(fleet, replica.stop(fleet.options.graceMs), doNothing);
}

function track(fleet: Fleet, work: Promise<void>, then: () => void): void {
  const ended = work.finally(() => {
    fleet.moving.delete(ended);
    then();
    fleet.changes.notify();
  });
  fleet.moving.add(ended);
}

/** Resolves when no process is left and none is starting. */
export function untilEmpty(fleet: Fleet): Promise<void> {
  return fleet.changes.until(() => fleet.replicas.size + fleet.moving.size === 0);
}

/** Stops every process, those that are just starting too; what is left after the grace is killed. */
export async function closeFleet(fleet: Fleet, graceMs: number): Promise<void> {
  fleet.isClosed = true;
  fleet.cancelRestart();
  await Promise.all([...[...fleet.replicas].map((replica) => replica.stop(graceMs)), ...fleet.moving]);
}
