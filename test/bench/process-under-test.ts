import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { freePort } from '../../infra/local/services/free-port.ts';

export type Program = { readonly argv: readonly string[]; readonly env: Readonly<Record<string, string>> };

export type ProcessUnderTest = {
  readonly url: string;
  readonly pid: number;
  /** From the start of the process to its first answer. */
  readonly firstAnswerMs: number;
  readonly startedAt: number;
  readonly residentBytes: () => Promise<number>;
  readonly stop: () => Promise<void>;
};

const POLL_MS = 1;
const GIVE_UP_MS = 60_000;

/** Starts a server of the program on a free port, and resolves with its first answer to a GET of the path. */
export async function startProgram({ argv, env }: Program, path: string): Promise<ProcessUnderTest> {
  const port = await freePort();
  const [file = '', ...args] = argv;
  const startedAt = performance.now();
  const child = spawn(file, args, { env: { ...env, PORT: `${port}` }, stdio: ['ignore', 'ignore', 'inherit'] });
  await untilAnswers(child, port, path);
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    firstAnswerMs: performance.now() - startedAt,
    startedAt,
    residentBytes: () => residentBytesOf(child),
    stop: () => end(child),
  };
}

async function untilAnswers(child: ChildProcess, port: number, path: string): Promise<void> {
  const deadline = performance.now() + GIVE_UP_MS;
  while (!(await answers(port, path))) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode} before it answered`);
    if (performance.now() > deadline) throw new Error('it does not answer');
    await delay(POLL_MS);
  }
}

/** Over a bare socket: the cheaper the asking, the less of the start it takes away. */
async function answers(port: number, path: string): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
  try {
    for await (const chunk of socket) return String(chunk).startsWith('HTTP/1.1 2');
    return false;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function residentBytesOf({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}
