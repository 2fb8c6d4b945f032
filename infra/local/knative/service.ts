import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Changes, createChanges } from './changes.ts';
import { type Clock, endsWithin } from './clock.ts';
import {
  closeFleet,
  createFleet,
  type Fleet,
  type FleetOptions,
  freest,
  grow,
  type Replica,
  untilEmpty,
} from './fleet.ts';
import { answer, pass } from './proxy.ts';

export type ServiceOptions = Omit<FleetOptions, 'graceMs' | 'isWanted' | 'onChange' | 'onStillborn'> & {
  /** Requests one process works on at a time; 0 is without a limit. */
  concurrency: number;
  timeoutMs: number;
};

export type Service = {
  handle: (request: IncomingMessage, response: ServerResponse) => void;
  /** Takes no further requests, lets those under way end, then stops its processes; what is left after the grace is killed. */
  stop: (graceMs: number) => Promise<void>;
  /** Resolves when no process is left; at once where none runs. */
  scaledToZero: () => Promise<void>;
};

/** A request from its arrival to its answer. */
type Visit = { request: IncomingMessage; response: ServerResponse; leave: () => void };

type Desk = {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly fleet: Fleet;
  readonly waiting: Set<Visit>;
  readonly changes: Changes;
  running: number;
  isDraining: boolean;
};

/** Requests that wait per request that runs, as queue-proxy has it. */
const queuedPerRunning = 10;

/** One Knative Service: its queue before its processes, which are started and stopped by need. */
export function createService({ concurrency, timeoutMs, ...options }: ServiceOptions): Service {
  const waiting = new Set<Visit>();
  const fleet = createFleet({
    ...options,
    graceMs: timeoutMs,
    isWanted: () => waiting.size > 0,
    onChange: () => assign(desk),
    onStillborn: () => failWaiting(desk),
  });
  const desk: Desk = {
    clock: options.clock,
    timeoutMs,
    concurrency: concurrency || Infinity,
    fleet,
    waiting,
    changes: createChanges(),
    running: 0,
    isDraining: false,
  };
  return {
    handle: (request, response) => receive(desk, request, response),
    stop: (graceMs) => close(desk, graceMs),
    scaledToZero: () => untilEmpty(fleet),
  };
}

function receive(desk: Desk, request: IncomingMessage, response: ServerResponse): void {
  const { clock, concurrency, fleet, waiting } = desk;
  const slots = concurrency * (1 + queuedPerRunning) * Math.max(1, fleet.replicas.size);
  if (desk.isDraining) return answer(response, 503, 'shutting down');
  if (desk.running + waiting.size >= slots) return answer(response, 503, 'pending request queue full');
  const visit: Visit = { request, response, leave: () => waiting.delete(visit) };
  const cancelTimer = clock.after(desk.timeoutMs, () => giveUp(visit));
  response.once('close', () => {
    cancelTimer();
    visit.leave();
    desk.changes.notify();
  });
  waiting.add(visit);
  assign(desk);
}

/** The function is not told to stop: its handler runs on, and a redelivery may overlap it. */
function giveUp({ response, leave }: Visit): void {
  if (response.headersSent) response.destroy();
  else answer(response, 504, 'request timeout');
  leave();
}

function assign(desk: Desk): void {
  for (const visit of desk.waiting) {
    const replica = freest(desk.fleet, desk.concurrency);
    if (!replica) return grow(desk.fleet);
    desk.waiting.delete(visit);
    void serve(desk, visit, replica);
  }
}

async function serve(desk: Desk, visit: Visit, replica: Replica): Promise<void> {
  const { done, abandon } = pass(replica.pool, visit.request, visit.response);
  visit.leave = abandon;
  replica.running += 1;
  desk.running += 1;
  await done;
  replica.running -= 1;
  desk.running -= 1;
  replica.lastUsedMs = desk.clock.now().epochMilliseconds;
  desk.changes.notify();
  assign(desk);
}

/** What waits for the first process is told that there will be none; the next request tries anew. */
function failWaiting(desk: Desk): void {
  if (freest(desk.fleet, Infinity)) return;
  for (const { response } of desk.waiting) answer(response, 503, 'the function did not start');
  desk.waiting.clear();
}

async function close(desk: Desk, graceMs: number): Promise<void> {
  const { clock, fleet, waiting } = desk;
  desk.isDraining = true;
  fleet.isDraining = true;
  const endMs = clock.now().epochMilliseconds + graceMs;
  await endsWithin(
    clock,
    graceMs,
    desk.changes.until(() => desk.running + waiting.size === 0),
  );
  for (const { response } of waiting) answer(response, 503, 'shutting down');
  waiting.clear();
  await closeFleet(fleet, Math.max(0, endMs - clock.now().epochMilliseconds));
}
