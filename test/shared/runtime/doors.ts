import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

export const doors = ['fastify', 'functions-framework'] as const;
export type DoorName = (typeof doors)[number];

/** A function in a process of its own. */
export type Door = {
  readonly url: string;
  readonly process: ChildProcess;
  /** What it wrote to standard output and standard error so far. */
  readonly output: () => string;
  /** Signals it and resolves to its exit code. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>;
};

type Environment = Readonly<Record<string, string>>;

const cli = pathOf('../../../node_modules/@google-cloud/functions-framework/build/src/main.js');

export async function openSample(door: DoorName, environment: Environment = {}): Promise<Door> {
  if (door === 'fastify') return openDoor([pathOf('sample-main.ts')], environment);
  return openDoor([cli, '--source', pathOf('sample-framework.ts'), '--target', 'notes'], environment);
}

/** `functions-framework --source functions/framework.ts --target <name>`. */
export async function openWithFramework(target: string, environment: Environment): Promise<Door> {
  return openDoor([cli, '--source', pathOf('../../../functions/framework.ts'), '--target', target], environment);
}

/** `main.ts <name>`: the same function on Fastify directly. */
export async function openWithMain(target: string, environment: Environment): Promise<Door> {
  return openDoor([pathOf('../../../functions/main.ts'), target], environment);
}

/** The sample behind `serve`, which is opened when it is sent SIGCONT. */
export async function openSlowSample(environment: Environment = {}): Promise<Door> {
  return openDoor([pathOf('sample-slow-main.ts')], environment, async (url) => answers(url));
}

type Check = (url: string) => Promise<boolean>;

async function openDoor(args: readonly string[], environment: Environment, isUp: Check = isOpen): Promise<Door> {
  const port = await freePort();
  const env = {
    PATH: process.env['PATH'],
    NODE_ENV: 'production',
    DRAIN_DELAY_MS: '0',
    PORT: String(port),
    ...environment,
  };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const url = `http://127.0.0.1:${port}`;
  while (!(await isUp(url))) if (child.exitCode !== null) throw new Error(`It did not start:\n${output}`);
  return {
    url,
    process: child,
    output: () => output,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      await exited;
      return child.exitCode;
    },
  };
}

/** functions-framework opens a function with its first request, and answers at once where it cannot. */
async function isOpen(url: string): Promise<boolean> {
  return answers(url, (text) => !text.includes('being opened'));
}

async function answers(url: string, isExpected: (text: string) => boolean = () => true): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health/startup`);
    return isExpected(await response.text());
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return false;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  if (typeof address !== 'object' || address === null) throw new Error('No address');
  return address.port;
}

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

export type Reply = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
};

type Call = { readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown };

/** A body that is text is sent as it is, anything else as JSON. */
export async function call(
  door: Door,
  method: string,
  path: string,
  { headers = {}, body }: Call = {},
): Promise<Reply> {
  const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const reply = await fetch(`${door.url}${path}`, { method, headers, ...(sent !== undefined && { body: sent }) });
  const text = await reply.text();
  return { status: reply.status, headers: reply.headers, text, json: text.startsWith('{') ? JSON.parse(text) : {} };
}
