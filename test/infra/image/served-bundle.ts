import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { until } from '../../support/until.ts';

/** A function as the image serves it, which has ended with what it wrote. */
export type Ended = {
  readonly exitCode: unknown;
  readonly log: readonly string[];
  /** The files it asked the compile cache for, and those of them whose entry was good. */
  readonly loaded: readonly string[];
  readonly accepted: readonly string[];
};

export type ServedBundle = {
  readonly url: string;
  readonly stop: () => Promise<Ended>;
};

/** Without its capabilities, as in the image, even root may not write where nobody may. */
const PRIVILEGES =
  process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--no-new-privs'] : [];

/** A test that fails half-way leaves no process behind for longer. */
const LONGEST_MS = 60_000;

/** Serves the bundle in the folder with the arguments that a manifest gives. */
export async function serveBundle(
  dir: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<ServedBundle> {
  const [file = '', ...argv] = [...PRIVILEGES, process.execPath, join(dir, 'main.mjs'), ...args];
  const env = {
    ...environment,
    PATH: process.env['PATH'],
    PORT: '0',
    DRAIN_DELAY_MS: '0',
    NODE_COMPILE_CACHE: join(dir, 'compile-cache'),
    NODE_DEBUG_NATIVE: 'COMPILE_CACHE',
  };
  const child = spawn(file, argv, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
  });
  const ended = Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const listening = () => child.exitCode !== null || /"listeningAt":"([^"]+)"/.exec(output)?.[1];
  const url = await until(listening, { what: `${args.join(' ')} to listen` });
  if (url === true) throw new Error(`${args.join(' ')} ended: ${(await ended)[2]}`);
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM');
      const [[exitCode], log, trace]: [unknown[], string, string] = await ended;
      return {
        exitCode,
        log: log.trim().split('\n'),
        loaded: findAll(trace, /reading cache from \S+ for \w+ (?:file:\/\/)?(\S+\.mjs)/g),
        accepted: findAll(trace, /V8 code cache for \w+ (?:file:\/\/)?(\S+\.mjs) was accepted/g),
      };
    },
  };
}

function findAll(trace: string, pattern: RegExp): string[] {
  return [...trace.matchAll(pattern)].map(([, file = '']) => file).toSorted();
}
