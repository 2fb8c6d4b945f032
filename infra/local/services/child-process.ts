import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { findExecutable } from './command.ts';
import { noteProcess } from './leftover-process.ts';

export type ChildSpec = {
  command: string;
  args: readonly string[];
  /** Options of setpriv(1), for a process that runs as another user. */
  privileges?: readonly string[];
  /** Gets both output streams, appended. */
  logFile: string;
  /** Tells the next start which process a killed parent left behind. */
  pidFile: string;
  stopSignal: NodeJS.Signals;
  /** How long it may take to end before it is killed. */
  stopTimeoutMs: number;
};

export type Child = {
  readonly pid: number;
  /** Resolves to how it ended. */
  readonly ended: Promise<string>;
  /** Whether it was told to end. */
  readonly wasTold: boolean;
  /** Resolves when it is gone, at once when it is so already. */
  end(signal: NodeJS.Signals): Promise<void>;
};

/**
 * Starts a process in a session of its own, so that the terminal's Ctrl-C reaches only its parent, which ends it in its
 * turn. Where the parent dies first, the kernel sends it `stopSignal`.
 */
export async function startChild(spec: ChildSpec): Promise<Child> {
  await mkdir(dirname(spec.logFile), { recursive: true });
  const log = await open(spec.logFile, 'a', 0o644);
  const [command, args] = await endingWithParent(spec);
  const child = spawn(command, args, { detached: true, stdio: ['ignore', log.fd, log.fd] });
  // Listened to from the first moment: a process that ends at once has ended before the next line is through.
  const exit: Promise<(number | string | null)[]> = once(child, 'exit');
  // What cannot be spawned rejects the next line as well.
  exit.catch(() => undefined);
  await once(child, 'spawn');
  await log.close();
  await noteProcess(spec.pidFile, child.pid);
  return watch(spec, child, exit);
}

/** The command and its arguments, where it can be so by way of setpriv(1): the kernel sends the signal when its parent dies. */
export async function endingWithParent({
  command,
  args,
  stopSignal,
  privileges = [],
}: Pick<ChildSpec, 'command' | 'args' | 'stopSignal' | 'privileges'>): Promise<[string, string[]]> {
  const setpriv = await findExecutable('setpriv');
  if (setpriv === undefined) return [command, [...args]];
  return [setpriv, ['--pdeathsig', stopSignal, ...privileges, '--', command, ...args]];
}

function watch(spec: ChildSpec, child: ChildProcess, exit: Promise<(number | string | null)[]>): Child {
  let wasTold = false;
  const ended = exit.then(async ([code, signal]) => {
    await rm(spec.pidFile, { force: true });
    return `ended with ${signal ?? `code ${code}`}`;
  });
  return {
    pid: child.pid ?? 0,
    ended,
    get wasTold() {
      return wasTold;
    },
    async end(signal) {
      wasTold = true;
      child.kill(signal);
      const inTime = await Promise.race([ended, delay(spec.stopTimeoutMs, undefined, { ref: false })]);
      if (inTime === undefined) child.kill('SIGKILL');
      await ended;
    },
  };
}
