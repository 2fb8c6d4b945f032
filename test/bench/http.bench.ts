import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import autocannon from 'autocannon';
import { build } from 'esbuild';

import { freePort } from '../../infra/local/services/free-port.ts';
import { careflowHome } from '../support/services/careflow-home.ts';
import { until } from '../support/until.ts';
import type { Area, Bench } from './bench.ts';
import type { Usage } from './http-answer.ts';

const CONNECTIONS = 64;
const SECONDS = 3;
/** The optimizing compiler is done by then. */
const WARM_UP_REQUESTS = 40_000;
const id = '0197b3a0-0000-7000-8000-000000000001';
const instant = '2026-03-01T09:00:00Z';

const frameworkCli = pathOf('../../node_modules/@google-cloud/functions-framework/build/src/main.js');

const wanted = { practitionerId: id, patientId: id, visitTypeId: id, slotStart: instant };
const json = { 'content-type': 'application/json' };
const operation = {
  path: '/fr/bookings',
  headers: { ...json, authorization: 'Bearer token' },
  body: JSON.stringify(wanted),
};
const event = {
  path: '/events',
  headers: {
    ...json,
    'ce-specversion': '1.0',
    'ce-id': id,
    'ce-type': 'careflow.booking.created.v1',
    'ce-source': '/careflow/booking',
    'ce-time': instant,
    'ce-subject': id,
    'ce-partitionkey': id,
    'ce-traceparent': '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  },
  body: JSON.stringify({
    ...wanted,
    bookingId: id,
    version: 1,
    country: 'fr',
    slotEnd: instant,
    busyStart: instant,
    busyEnd: instant,
  }),
};

type Request = typeof operation | typeof event;
type Load = { readonly perCpuSecond: number; readonly p99ToP50: number; readonly rssBytes: number };
type Subject = {
  readonly load: (request: Request) => Promise<Load>;
  readonly warmUp: (request: Request) => Promise<void>;
  readonly stop: () => void;
};
type Subjects = { readonly bare: Subject; readonly runtime: Subject; readonly framework: Subject };

/** Rates are per second of the server's own CPU time: what one core does, whoever else uses the machine. */
export const run: Area = async (bench) => {
  await mkdir(careflowHome(), { recursive: true });
  const dir = await mkdtemp(join(careflowHome(), 'bench-'));
  const subjects = await startAll(dir);
  try {
    await compareAll(bench, 'an operation', operation, subjects);
    await compareAll(bench, 'an event', event, subjects);
  } finally {
    for (const subject of Object.values(subjects)) subject.stop();
    await rm(dir, { recursive: true });
  }
};

/** Ours as the image has it, in one bundle; a function of functions-framework as its documentation has it. */
async function startAll(dir: string): Promise<Subjects> {
  const ours = await toJavaScript(dir, 'http-subject', 'bundle');
  const theirs = await toJavaScript(dir, 'http-framework-subject', 'external');
  const options = ['--source', theirs, '--target', 'bench', '--port'];
  return {
    bare: await start(ours, (port) => ['bare', port]),
    runtime: await start(ours, (port) => ['runtime', port]),
    framework: await start(frameworkCli, (port) => [...options, port]),
  };
}

async function toJavaScript(dir: string, name: string, packages: 'bundle' | 'external'): Promise<string> {
  const outfile = join(dir, `${name}.mjs`);
  const entryPoints = [pathOf(`${name}.ts`)];
  const banner = { js: "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);" };
  await build({ entryPoints, outfile, packages, banner, bundle: true, format: 'esm', platform: 'node' });
  return outfile;
}

async function compareAll(bench: Bench, what: string, request: Request, { bare, runtime, framework }: Subjects) {
  for (const subject of [bare, runtime, framework]) await subject.warmUp(request);
  const rate = async (subject: Subject) => (await subject.load(request)).perCpuSecond;
  const megabytes = async (subject: Subject) => (await subject.load(request)).rssBytes / 1e6;
  const shared = { rounds: 5, ours: () => rate(runtime), unit: 'requests/CPU s' };
  await bench(`${what}, against bare node:http`, { ...shared, floor: () => rate(bare), target: { atLeast: 0.5 } });
  await bench(`${what}, against functions-framework`, {
    ...shared,
    floor: () => rate(framework),
    target: { atLeast: 2 },
  });
  await bench(`p99 of ${what}, against its p50`, {
    unit: 'times',
    rounds: 5,
    ours: async () => (await runtime.load(request)).p99ToP50,
    floor: () => 1,
    target: { atMost: 5 },
  });
  await bench(`memory under load of ${what}, against functions-framework`, {
    unit: 'MB',
    rounds: 1,
    ours: () => megabytes(runtime),
    floor: () => megabytes(framework),
    target: { atMost: 0.5 },
  });
}

async function start(program: string, args: (port: string) => string[]): Promise<Subject> {
  const port = await freePort();
  const child = fork(program, args(`${port}`), {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  child.stdout?.resume();
  await until(() => answers(port), { what: program });
  return {
    load: async (request) => {
      const before = await usageOf(child);
      const durations = await fire(port, request, { duration: SECONDS });
      const { cpu, rssBytes } = await usageOf(child);
      const cpuSeconds = (cpu.user + cpu.system - before.cpu.user - before.cpu.system) / 1e6;
      const quantile = (share: number): number => durations[Math.floor(durations.length * share)] ?? Number.NaN;
      return { perCpuSecond: durations.length / cpuSeconds, p99ToP50: quantile(0.99) / quantile(0.5), rssBytes };
    },
    warmUp: async (request) => {
      await fire(port, request, { amount: WARM_UP_REQUESTS });
    },
    stop: () => child.kill('SIGKILL'),
  };
}

async function usageOf(child: ChildProcess): Promise<Usage> {
  child.send('usage');
  const [usage]: (Usage | undefined)[] = await once(child, 'message');
  if (!usage) throw new Error('A server does not tell its usage');
  return usage;
}

/** How long each answer took, the quickest first. */
async function fire(port: number, request: Request, limit: { duration: number } | { amount: number }) {
  const durations: number[] = [];
  const url = `http://127.0.0.1:${port}${request.path}`;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const options = { ...request, ...limit, url, method: 'POST' as const, connections: CONNECTIONS };
  const firing = autocannon(options, (error) => (error ? reject(error) : resolve()));
  firing.on('response', (_client, status, _bytes, durationMs) => {
    if (status >= 300) reject(new Error(`The server answered ${status}`));
    durations.push(durationMs);
  });
  await promise;
  return Float64Array.from(durations).toSorted();
}

async function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/events`, { method: 'POST', headers: json, body: '{}' }).then(
    () => true,
    () => false,
  );
}

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
