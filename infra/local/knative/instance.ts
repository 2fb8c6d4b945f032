import { spawn, type ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { AppError } from '../../../shared/errors.ts';
import { endingWithParent } from '../services/child-process.ts';
import { freePort } from '../services/free-port.ts';
import { noteProcess } from '../services/leftover-process.ts';
import { type Clock, endsWithin } from './clock.ts';

export type Command = {
  argv: string[];
  env: Record<string, string>;
  /** Notes the process here while it runs, for the next start to end it where this one is killed. */
  pidFolder?: string;
};

export type InstanceOptions = {
  command: Command;
  /** Paths that answer 2xx when the function has started, and when it takes requests; without one, any answer is enough. */
  startupPath: string | undefined;
  readinessPath: string | undefined;
  /** A process that has not started by then is killed; one that has, may take as long as it likes to be ready. */
  startTimeoutMs: number;
  clock: Clock;
  log: (line: string) => void;
};

/** One running process of a function. */
export type Instance = {
  pool: Pool;
  /** Resolves when it takes requests; rejects when it ends before, or does not start in time. */
  ready: Promise<void>;
  /** Resolves with the exit code or signal when the process is gone. */
  exited: Promise<string>;
  /** SIGTERM, then SIGKILL when the grace is over. */
  stop(graceMs: number): Promise<void>;
};

const probeIntervalMs = 10;

/** Starts a function's process on a free port and begins to probe it. */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const { clock } = options;
  const port = await freePort();
  const child = await launch(options.command, port, options.log);
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: null, headersTimeout: 0, bodyTimeout: 0 });
  const exited = watchExit(child).then(async (outcome) => {
    await pool.destroy();
    return outcome;
  });
  const stop = (graceMs: number) => terminate(child, exited, graceMs, clock);
  const ready = untilReady(pool, exited, options).catch(async (error: unknown) => {
    await stop(0);
    throw error;
  });
  // Whoever waits for it is told; where nobody does, the exit is what is noticed.
  ready.catch(() => undefined);
  return { pool, ready, exited, stop };
}

/**
 * In a process group of its own: a Ctrl-C in the terminal reaches the platform, which drains before it stops this. Where the
 * platform is killed, the kernel tells it to stop.
 */
async function launch(
  { argv, env, pidFolder }: Command,
  port: number,
  log: (line: string) => void,
): Promise<ChildProcess> {
  const [command = '', ...args] = argv;
  const child = spawn(...(await endingWithParent({ command, args, stopSignal: 'SIGTERM' })), {
    env: { ...env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  if (pidFolder !== undefined) noteWhileItRuns(child, pidFolder);
  for (const output of [child.stdout, child.stderr]) createInterface({ input: output }).on('line', log);
  return child;
}

function noteWhileItRuns(child: ChildProcess, folder: string): void {
  const file = join(folder, `${child.pid}.pid`);
  const noted = noteProcess(file, child.pid);
  child.once('exit', () => void noted.then(() => rm(file, { force: true })));
}

async function watchExit(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

async function untilReady(pool: Pool, exited: Promise<string>, options: InstanceOptions): Promise<void> {
  const over = new AbortController();
  const cancel = options.clock.after(options.startTimeoutMs, () => {
    over.abort(new AppError('unavailable', 'not started in time'));
  });
  void exited.then((outcome) => over.abort(new AppError('unavailable', `ended before it was ready: ${outcome}`)));
  try {
    await untilAnswered(pool, options.startupPath, over.signal);
    cancel();
    await untilAnswered(pool, options.readinessPath, over.signal);
  } finally {
    cancel();
  }
}

async function untilAnswered(pool: Pool, path: string | undefined, signal: AbortSignal): Promise<void> {
  while (!(await isReady(pool, path))) {
    signal.throwIfAborted();
    await sleep(probeIntervalMs);
  }
  signal.throwIfAborted();
}

async function isReady(pool: Pool, path: string | undefined): Promise<boolean> {
  try {
    const { statusCode, body } = await pool.request({
      method: 'GET',
      path: path ?? '/',
      headersTimeout: 1000,
      headers: { 'user-agent': 'kube-probe/local' },
    });
    await body.dump();
    return path === undefined || (statusCode >= 200 && statusCode < 400);
  } catch {
    return false;
  }
}

async function terminate(child: ChildProcess, exited: Promise<string>, graceMs: number, clock: Clock): Promise<void> {
  child.kill('SIGTERM');
  if (await endsWithin(clock, graceMs, exited)) return;
  child.kill('SIGKILL');
  await exited;
}
