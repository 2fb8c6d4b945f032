import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { findExecutable } from './command.ts';
import { endLeftover } from './leftover-process.ts';

export type ProcessSpec = {
  name: string;
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  /** Options of setpriv(1), for a process that runs as another user. */
  privileges?: readonly string[];
  /** Gets both output streams, appended. */
  logFile: string;
  /** Tells the next start which process a killed parent left behind. */
  pidFile: string;
  /** Part of the command line by which such a process is known to be this one. */
  mark: string;
  stopSignal: NodeJS.Signals;
  /** How long it may take to end on `stopSignal` before it is killed. */
  stopTimeoutMs: number;
  startTimeoutMs: number;
  isReady: () => Promise<boolean>;
  /** Called when it ends without having been told to. */
  onExit?: (reason: string) => void;
};

/** A server that this process started. */
export type Service = {
  readonly url: string;
  readonly pid: number;
  /** Ends it in its orderly way; resolves when it is gone. */
  stop(): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again, at the same address and on the same data, after it ended. */
  restart(): Promise<void>;
};

const POLL_MS = 40;

/**
 * Starts a server and resolves when it is ready. It runs in a session of its own, so that the terminal's Ctrl-C reaches
 * only its parent, which stops it in its turn; where the parent dies first, the kernel sends it `stopSignal`.
 */
export async function startService(spec: ProcessSpec, url: string): Promise<Service> {
  let running = await start(spec);
  return {
    url,
    get pid() {
      return running.pid;
    },
    stop: () => running.end(spec.stopSignal),
    kill: () => running.end('SIGKILL'),
    async restart() {
      await running.end(spec.stopSignal);
      running = await start(spec);
    },
  };
}

type Running = { pid: number; ended: Promise<string>; end(signal: NodeJS.Signals): Promise<void> };

async function start(spec: ProcessSpec): Promise<Running> {
  await mkdir(dirname(spec.logFile), { recursive: true });
  await mkdir(dirname(spec.pidFile), { recursive: true });
  await endLeftover(spec);
  const deadline = Date.now() + spec.startTimeoutMs;
  for (;;) {
    const running = await launch(spec);
    const failure = await untilReady(spec, running, deadline);
    if (failure === undefined) return running;
    await running.end('SIGKILL');
    const log = await lastLines(spec.logFile);
    if (!isPassing(log) || Date.now() > deadline)
      throw new Error(`${spec.name} ${failure}; ${spec.logFile} ends:\n${log}`);
    await delay(POLL_MS * 5);
  }
}

/** After a SIGKILL, PostgreSQL's children hold its shared memory for a moment longer. */
function isPassing(log: string): boolean {
  return /shared memory block .* is still in use|lock file "postmaster.pid" already exists/.test(log);
}

async function launch(spec: ProcessSpec): Promise<Running> {
  const log = await open(spec.logFile, 'a', 0o644);
  const [command, args] = await withParentDeathSignal(spec);
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: spec.env ?? process.env,
  });
  await once(child, 'spawn');
  await log.close();
  await writeFile(spec.pidFile, JSON.stringify({ pid: child.pid, parent: process.pid }));
  return watch(spec, child);
}

async function withParentDeathSignal(spec: ProcessSpec): Promise<[string, string[]]> {
  const setpriv = await findExecutable('setpriv');
  if (setpriv === undefined) return [spec.command, [...spec.args]];
  const privileges = spec.privileges ?? [];
  return [setpriv, ['--pdeathsig', spec.stopSignal, ...privileges, '--', spec.command, ...spec.args]];
}

function watch(spec: ProcessSpec, child: ChildProcess): Running {
  let told = false;
  const ended = once(child, 'exit').then(async ([code, signal]: (number | string | null)[]) => {
    await rm(spec.pidFile, { force: true });
    const reason = `ended with ${signal ?? `code ${code}`}`;
    if (!told) spec.onExit?.(reason);
    return reason;
  });
  return {
    pid: child.pid ?? 0,
    ended,
    async end(signal) {
      told = true;
      child.kill(signal);
      const inTime = await Promise.race([ended, delay(spec.stopTimeoutMs, undefined, { ref: false })]);
      if (inTime === undefined) child.kill('SIGKILL');
      await ended;
    },
  };
}

async function untilReady(spec: ProcessSpec, running: Running, deadline: number): Promise<string | undefined> {
  let ended: string | undefined;
  void running.ended.then((reason) => (ended = reason));
  while (ended === undefined) {
    if (await spec.isReady()) return undefined;
    if (Date.now() > deadline) return `was not ready within ${spec.startTimeoutMs / 1000} s`;
    await delay(POLL_MS);
  }
  return ended;
}

async function lastLines(file: string): Promise<string> {
  const text = await readFile(file, 'utf8');
  return text.trimEnd().split('\n').slice(-12).join('\n');
}
