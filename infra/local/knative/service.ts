import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, endsWithin } from './clock.ts';
import { type Instance, startInstance, type InstanceOptions } from './instance.ts';
import { answer, pass } from './proxy.ts';

export type ServiceOptions = Omit<InstanceOptions, 'log' | 'clock'> & {
  /** Requests one instance works on at a time; 0 is without a limit. */
  concurrency: number;
  timeoutMs: number;
  minScale: number;
  maxScale: number;
  /** An instance that has had nothing to do for so long is stopped. */
  idleMs: number;
  clock: Clock;
  log: (line: string) => void;
};

export type Service = {
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Takes no further requests, lets those under way end, then stops its processes; what is left after the grace is killed. */
  stop(graceMs: number): Promise<void>;
  /** Resolves when no process is left; at once where none runs. */
  scaledToZero(): Promise<void>;
};

/** A request from its arrival to its answer. */
type Visit = { request: IncomingMessage; response: ServerResponse; leave: () => void };

type Replica = Instance & { isReady: boolean; running: number; lastUsedMs: number; stopWatching: () => void };

/** Requests that wait per request that runs, as queue-proxy has it. */
const queuedPerRunning = 10;
const restartDelayMs = 1000;

/** One Knative Service: its queue and its processes, none to `maxScale`, started and stopped by need. */
export function createService(options: ServiceOptions): Service {
  const { clock, log, idleMs, timeoutMs, minScale, maxScale } = options;
  const concurrency = options.concurrency || Infinity;
  const waiting = new Set<Visit>();
  const replicas = new Set<Replica>();
  const going = new Set<Promise<void>>();
  const watchers = new Set<() => void>();
  let starting = 0;
  let running = 0;
  let isDraining = false;
  let isClosed = false;
  let cancelRestart = () => {};

  const slots = () => concurrency * (1 + queuedPerRunning) * Math.max(1, replicas.size);

  function handle(request: IncomingMessage, response: ServerResponse): void {
    if (isDraining) return answer(response, 503, 'shutting down');
    if (running + waiting.size >= slots()) return answer(response, 503, 'pending request queue full');
    const visit: Visit = { request, response, leave: () => waiting.delete(visit) };
    const cancelTimer = clock.after(timeoutMs, () => giveUp(visit));
    response.once('close', () => {
      cancelTimer();
      visit.leave();
      notify();
    });
    waiting.add(visit);
    assign();
  }

  /** The function is not told to stop: its handler runs on, and a redelivery may overlap it. */
  function giveUp({ response, leave }: Visit): void {
    if (response.headersSent) response.destroy();
    else answer(response, 504, 'request timeout');
    leave();
  }

  function assign(): void {
    for (const visit of waiting) {
      const replica = freest();
      if (!replica) break;
      waiting.delete(visit);
      void serve(visit, replica);
    }
    if (waiting.size > 0 && starting === 0 && replicas.size < maxScale) scaleUp();
  }

  function freest(): Replica | undefined {
    let best: Replica | undefined;
    for (const replica of replicas) {
      if (replica.isReady && replica.running < (best?.running ?? concurrency)) best = replica;
    }
    return best;
  }

  async function serve(visit: Visit, replica: Replica): Promise<void> {
    const { done, abandon } = pass(replica.pool, visit.request, visit.response);
    visit.leave = abandon;
    replica.running += 1;
    running += 1;
    await done;
    replica.running -= 1;
    running -= 1;
    replica.lastUsedMs = clock.now().epochMilliseconds;
    notify();
    assign();
  }

  function scaleUp(): void {
    starting += 1;
    track(
      startReplica().catch((error: unknown) => {
        failWaiting(error instanceof Error ? error.message : String(error));
      }),
      () => {
        starting -= 1;
        assign();
      },
    );
  }

  async function startReplica(): Promise<void> {
    const instance = await startInstance(options);
    if (isClosed) return instance.stop(0);
    const lastUsedMs = clock.now().epochMilliseconds;
    const replica = { ...instance, isReady: false, running: 0, lastUsedMs, stopWatching: () => {} };
    replicas.add(replica);
    watchIdle(replica, idleMs);
    void instance.exited.then((outcome) => noticeExit(replica, outcome));
    await instance.ready;
    replica.isReady = true;
    fill();
  }

  /** What waits for the first process is told that there will be none; the next request tries anew. */
  function failWaiting(reason: string): void {
    log(`could not start: ${reason}`);
    if (freest()) return;
    for (const { response } of waiting) answer(response, 503, 'the function did not start');
    waiting.clear();
  }

  function noticeExit(replica: Replica, outcome: string): void {
    replica.stopWatching();
    if (replicas.delete(replica) && !isDraining) {
      log(`ended by itself: ${outcome}`);
      cancelRestart();
      if (replicas.size < minScale) cancelRestart = clock.after(restartDelayMs, fill);
      assign();
    }
    notify();
  }

  function fill(): void {
    if (!isDraining && starting === 0 && replicas.size < minScale) scaleUp();
  }

  function watchIdle(replica: Replica, delayMs: number): void {
    replica.stopWatching = clock.after(delayMs, () => {
      const restMs = replica.lastUsedMs + idleMs - clock.now().epochMilliseconds;
      const isIdle = replica.running === 0 && waiting.size === 0 && restMs <= 0;
      if (isIdle && replicas.size > minScale) retire(replica);
      else watchIdle(replica, restMs > 0 ? restMs : idleMs);
    });
  }

  function retire(replica: Replica): void {
    replicas.delete(replica);
    log('idle, stopping');
    track(replica.stop(timeoutMs));
  }

  /** Keeps what `stop` has to wait for. */
  function track(work: Promise<void>, then: () => void = () => {}): void {
    const ended = work.finally(() => {
      going.delete(ended);
      then();
      notify();
    });
    going.add(ended);
  }

  function notify(): void {
    for (const watcher of watchers) watcher();
  }

  function until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!condition()) return;
        watchers.delete(check);
        resolve();
      };
      watchers.add(check);
      check();
    });
  }

  async function stop(graceMs: number): Promise<void> {
    isDraining = true;
    const endMs = clock.now().epochMilliseconds + graceMs;
    await endsWithin(
      clock,
      graceMs,
      until(() => running + waiting.size === 0),
    );
    isClosed = true;
    cancelRestart();
    const restMs = Math.max(0, endMs - clock.now().epochMilliseconds);
    for (const { response } of waiting) answer(response, 503, 'shutting down');
    await Promise.all([...[...replicas].map((replica) => replica.stop(restMs)), ...going]);
  }

  fill();
  return { handle, stop, scaledToZero: () => until(() => replicas.size + going.size === 0) };
}
