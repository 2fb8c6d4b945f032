import { readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

import { startChild, type Child, type ChildSpec } from './child-process.ts';
import { endLeftover } from './leftover-process.ts';

export type ProcessSpec = ChildSpec & {
  name: string;
  /** Part of the command line by which a process that a killed parent left behind is known to be this one. */
  mark: string;
  startTimeoutMs: number;
  /** Makes what it starts from; called when nobody else can be running on it. */
  prepare: () => Promise<void>;
  /** Whether the process of that id answers: another may have got the port. */
  isReady: (pid: number) => Promise<boolean>;
  /** Told when it ended without having been told to. Where this is given it is then started again. */
  onExit?: (reason: string) => void;
};

/** Another process took the port first. */
export class PortInUse extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PortInUse';
  }
}

/** A server that this process started. */
export type Service = {
  readonly url: string;
  readonly pid: number;
  /** Ends it in its orderly way; resolves when it is gone. */
  stop(): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again, at the same address and on the same data. */
  restart(): Promise<void>;
};

const POLL_MS = 40;
const REVIVE_PAUSE_MS = 1_000;

/** Starts a server and resolves when it is ready. */
export async function startService(spec: ProcessSpec, url: string): Promise<Service> {
  let turn: Promise<void> = Promise.resolve();
  let isWanted = true;
  let running = await start(spec);
  watchOver(running);

  /** One after the other: what is asked for while it starts waits until it has. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    turn = turn.catch(() => undefined).then(work);
    return turn;
  }

  function watchOver(child: Child): void {
    void child.ended.then((reason) => {
      if (child.wasTold || spec.onExit === undefined) return;
      spec.onExit(reason);
      void inTurn(revive);
    });
  }

  async function revive(): Promise<void> {
    while (isWanted) {
      try {
        running = await start(spec);
        watchOver(running);
        return;
      } catch (error) {
        spec.onExit?.(error instanceof Error ? error.message : String(error));
        await delay(REVIVE_PAUSE_MS);
      }
    }
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    isWanted = false;
    await inTurn(() => running.end(signal));
  }

  return {
    url,
    get pid() {
      return running.pid;
    },
    stop: () => end(spec.stopSignal),
    kill: () => end('SIGKILL'),
    async restart() {
      await end(spec.stopSignal);
      isWanted = true;
      await inTurn(async () => {
        running = await start(spec);
        watchOver(running);
      });
    },
  };
}

async function start(spec: ProcessSpec): Promise<Child> {
  await endLeftover(spec);
  await spec.prepare();
  const deadline = Date.now() + spec.startTimeoutMs;
  for (;;) {
    const logged = await sizeOf(spec.logFile);
    const child = await startChild(spec);
    const failure = await untilReady(spec, child, deadline);
    if (failure === undefined) return child;
    await child.end('SIGKILL');
    const log = (await readFile(spec.logFile)).subarray(logged).toString();
    if (!isPassing(log) || Date.now() > deadline) {
      const message = `${spec.name} ${failure}; ${spec.logFile} ends:\n${lastLines(log)}`;
      throw /Address already in use/i.test(log) ? new PortInUse(message) : new Error(message);
    }
    await delay(POLL_MS * 5);
  }
}

/** After a SIGKILL, PostgreSQL's children hold its shared memory for a moment longer. */
function isPassing(log: string): boolean {
  return /shared memory block .* is still in use|lock file "postmaster.pid" already exists/.test(log);
}

async function untilReady(spec: ProcessSpec, child: Child, deadline: number): Promise<string | undefined> {
  const ended = new AbortController();
  void child.ended.then((reason) => ended.abort(reason));
  while (!ended.signal.aborted) {
    if (await spec.isReady(child.pid)) return undefined;
    if (Date.now() > deadline) return `was not ready within ${spec.startTimeoutMs / 1_000} s`;
    await delay(POLL_MS);
  }
  return String(ended.signal.reason);
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-12).join('\n');
}
