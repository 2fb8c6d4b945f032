import { once } from 'node:events';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseResources } from '../../../infra/local/knative/resources.ts';
import { startServing, type Serving, type ServingOptions } from '../../../infra/local/knative/serving.ts';
import { type Control, startControl, waitOptions } from './support/control.ts';
import { createManualClock, type ManualClock } from './support/manual-clock.ts';
import { serviceManifest } from './support/manifests.ts';

const fixture = fileURLToPath(new URL('./support/function.ts', import.meta.url));

type Setup = Parameters<typeof serviceManifest>[0] & Partial<ServingOptions> & { process?: Record<string, string> };

let control: Control;
let clock: ManualClock;
let serving: Serving | undefined;
let gateway: Server | undefined;
let lines: string[];

beforeEach(async () => {
  control = await startControl();
  clock = createManualClock();
  lines = [];
});

afterEach(async () => {
  gateway?.close();
  gateway?.closeAllConnections();
  await serving?.stop();
  await control.close();
  serving = undefined;
});

async function start({ process: given = {}, ...setup }: Setup = {}): Promise<string> {
  const { services } = parseResources([serviceManifest(setup)]);
  serving = await startServing(services, {
    command: () => ({ argv: [process.execPath, fixture], env: { CONTROL_URL: control.url, ...given } }),
    values: { secrets: {}, configMaps: {} },
    log: (name, line) => lines.push(`${name}: ${line}`),
    clock,
    graceMs: 0,
    windowMs: 3_600_000,
    ...setup,
  });
  return serving.url(setup.name ?? 'sample');
}

/** The way from outside, as the gateway takes it. */
async function startGateway(name: string): Promise<string> {
  gateway = createServer((request, response) => serving?.handle(name, request, response)).listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  const address = gateway.address();
  return typeof address === 'object' ? `http://127.0.0.1:${address?.port}` : '';
}

type Seen = { pid: number; method: string; headers: Record<string, string>; body: string; length: number; env: object };

async function see(url: string, init?: RequestInit): Promise<Seen> {
  const response = await fetch(url, init);
  expect(response.status).toBe(200);
  const seen: Seen = JSON.parse(await response.text());
  return seen;
}

const statusOf = async (answer: Promise<Response>) => (await answer).status;

describe('a request', () => {
  it('starts the process with the first request, and the next finds it running', async () => {
    const url = await start();
    const first = await see(`${url}/one`);
    const second = await see(`${url}/two`);
    expect(second.pid).toBe(first.pid);
  });

  it('carries method, path, body and end-to-end headers both ways', async () => {
    const url = await start();
    const init = {
      method: 'POST',
      body: 'hello',
      headers: { 'x-mine': 'kept', te: 'trailers', 'x-forwarded-for': '192.0.2.1' },
    };
    const response = await fetch(`${url}/path?query=1`, init);
    expect(response.headers.get('x-seen')).toBe('yes');
    expect(await response.json()).toMatchObject({
      method: 'POST',
      path: '/path?query=1',
      body: 'hello',
      headers: {
        host: new URL(url).host,
        'x-mine': 'kept',
        'x-forwarded-for': '192.0.2.1, 127.0.0.1',
        'x-forwarded-proto': 'http',
      },
    });
  });

  it('carries headers of any length that the process takes', async () => {
    const { headers } = await see(await start(), { headers: { 'x-long': 'x'.repeat(100_000) } });
    expect(headers['x-long']).toHaveLength(100_000);
  });

  it('drops the headers of one connection, and those that Connection names', async () => {
    const url = await start();
    const request = httpRequest(`${url}/`, {
      headers: { connection: 'x-private', 'x-private': '1', te: 'trailers', 'x-mine': '2' },
    });
    const [response] = await once(request.end(), 'response');
    const seen: Seen = JSON.parse(Buffer.concat(await response.toArray()).toString());
    expect(Object.keys(seen.headers)).not.toContain('x-private');
    expect(Object.keys(seen.headers)).not.toContain('te');
    expect(seen.headers['x-mine']).toBe('2');
    expect(response.headers['keep-alive']).not.toBe('timeout=1');
  });

  it('streams a body too large to be held', async () => {
    const url = await start();
    const chunk = Buffer.alloc(1_000_000, 'x');
    const body = Readable.toWeb(Readable.from(Array.from({ length: 20 }, () => chunk)));
    const { length } = await see(`${url}/`, { method: 'PUT', body, duplex: 'half' });
    expect(length).toBe(20_000_000);
  });

  it('gets the beginning of a response before the function has ended it', async () => {
    const url = await start();
    const response = await fetch(`${url}/stream`);
    const reader = response.body?.getReader();
    const begun = await reader?.read();
    expect(Buffer.from(begun?.value ?? []).toString()).toBe('first');
    await control.reached('/gate/stream');
    control.open('/gate/stream');
    const rest = await reader?.read();
    expect(Buffer.from(rest?.value ?? []).toString()).toBe('second');
  });

  it('is cut off, not ended, when the function breaks off its response', async () => {
    const url = await start();
    const response = await fetch(`${url}/cut`);
    await control.reached('/gate/cut');
    control.open('/gate/cut');
    await expect(response.text()).rejects.toThrow('terminated');
  });

  it('frees its place when the client goes away', async () => {
    const url = await start({ concurrency: 1 });
    const leaving = new AbortController();
    const left = fetch(`${url}/gate/left`, { signal: leaving.signal });
    await control.reached('/gate/left');
    leaving.abort();
    await expect(left).rejects.toThrow('aborted');
    await see(`${url}/`);
  });
});

describe('the environment', () => {
  const env = [
    { name: 'GREETING', valueFrom: { configMapKeyRef: { name: 'careflow', key: 'greeting' } } },
    { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'careflow', key: 'token' } } },
    { name: 'ABSENT', valueFrom: { secretKeyRef: { name: 'careflow', key: 'absent', optional: true } } },
  ];
  const values = { secrets: { careflow: { token: 'secret' } }, configMaps: { careflow: { greeting: 'hello' } } };

  it('holds what config maps and secrets say, and what Knative sets', async () => {
    const url = await start({ env, values });
    expect((await see(`${url}/`)).env).toEqual({ K_SERVICE: 'sample', GREETING: 'hello', TOKEN: 'secret' });
  });

  it('refuses to start without a value it needs', async () => {
    await expect(start({ env })).rejects.toThrow('sample: no value was given for GREETING, TOKEN');
  });
});

describe('containerConcurrency', () => {
  it('runs N, queues ten times N, and answers 503 to the rest', async () => {
    const url = await start({ concurrency: 2 });
    const outcomes: number[] = [];
    const answers = Array.from({ length: 25 }, async () => outcomes.push(await statusOf(fetch(`${url}/gate/full`))));
    await expect.poll(() => outcomes, waitOptions).toEqual([503, 503, 503]);
    await control.reached('/gate/full', 2);
    expect(control.pids('/gate/full')).toHaveLength(2);
    for (let times = 1; times <= 22; times += 1) {
      await control.reached('/gate/full', times);
      control.open('/gate/full');
    }
    await Promise.all(answers);
    expect(outcomes.slice(3)).toEqual(Array.from({ length: 22 }, () => 200));
  });

  it('queues while the process starts, which starts once', async () => {
    const url = await start({ concurrency: 2, process: { GATED_START: 'yes' } });
    const early = Array.from({ length: 8 }, () => see(`${url}/`));
    await control.reached('/gate/start');
    control.open('/gate/start');
    const pids = (await Promise.all(early)).map(({ pid }) => pid);
    expect(new Set(pids).size).toBe(1);
    expect(control.pids('/gate/start')).toHaveLength(1);
  });

  it('starts further processes for what waits, up to max-scale', async () => {
    const url = await start({ concurrency: 1, maxScale: 3, annotations: { 'autoscaling.knative.dev/max-scale': '2' } });
    const held = Array.from({ length: 3 }, () => statusOf(fetch(`${url}/gate/wide`)));
    await control.reached('/gate/wide', 2);
    expect(new Set(control.pids('/gate/wide')).size).toBe(2);
    for (let times = 1; times <= 3; times += 1) {
      await control.reached('/gate/wide', times);
      control.open('/gate/wide');
    }
    expect(await Promise.all(held)).toEqual([200, 200, 200]);
  });
});

describe('timeoutSeconds', () => {
  it('answers 504 when the time is over, while the handler runs on and its place is free', async () => {
    const url = await start({ concurrency: 1, timeoutSeconds: 60 });
    const slow = fetch(`${url}/gate/slow`);
    await control.reached('/gate/slow');
    clock.advance(59_999);
    const overlapping = see(`${url}/`);
    clock.advance(1);
    expect((await slow).status).toBe(504);
    expect((await overlapping).method).toBe('GET');
    control.open('/gate/slow');
    await control.reached('/done/slow');
  });

  it('counts the time in the queue', async () => {
    const url = await start({ concurrency: 1 });
    const answers = [statusOf(fetch(`${url}/gate/slow`)), statusOf(fetch(`${url}/gate/slow`))];
    await control.reached('/gate/slow');
    await expect.poll(() => clock.asked.filter((delay) => delay === 60_000).length, waitOptions).toBe(2);
    clock.advance(60_000);
    expect(await Promise.all(answers)).toEqual([504, 504]);
    expect(control.pids('/gate/slow')).toHaveLength(1);
  });
});

describe('scale to zero', () => {
  const annotations = {
    'autoscaling.knative.dev/window': '6s',
    'autoscaling.knative.dev/scale-to-zero-pod-retention-period': '4s',
  };

  it('stops an idle process after window and retention, and starts another with the next request', async () => {
    const url = await start({ annotations });
    const first = await see(`${url}/`);
    await clock.awaited(10_000);
    clock.advance(10_000);
    await serving?.scaledToZero('sample');
    expect(() => process.kill(first.pid, 0)).toThrow('ESRCH');
    expect((await see(`${url}/`)).pid).not.toBe(first.pid);
  });

  it('counts from the last request, not from the first', async () => {
    const url = await start({ annotations });
    const first = await see(`${url}/`);
    await clock.awaited(10_000);
    clock.advance(9_000);
    await see(`${url}/`);
    clock.advance(9_000);
    expect((await see(`${url}/`)).pid).toBe(first.pid);
    expect(lines).not.toContain('sample: idle, stopping');
  });

  it('keeps a process that is at work', async () => {
    const url = await start({ annotations });
    const held = fetch(`${url}/gate/long`);
    await control.reached('/gate/long');
    clock.advance(30_000);
    control.open('/gate/long');
    expect((await held).status).toBe(200);
  });

  it('keeps min-scale processes from the beginning', async () => {
    const url = await start({
      annotations: { ...annotations, 'autoscaling.knative.dev/min-scale': '1' },
      process: { GATED_START: 'yes' },
    });
    await control.reached('/gate/start');
    control.open('/gate/start');
    const { pid } = await see(`${url}/`);
    clock.advance(60_000);
    expect((await see(`${url}/`)).pid).toBe(pid);
  });
});

describe('a process that ends by itself', () => {
  it('gives 502 to what was with it, and the next request starts it anew', async () => {
    const url = await start();
    const { pid } = await see(`${url}/`);
    const held = statusOf(fetch(`${url}/gate/crash`));
    await control.reached('/gate/crash');
    expect(await statusOf(fetch(`${url}/crash`))).toBe(502);
    expect(await held).toBe(502);
    await serving?.scaledToZero('sample');
    expect(lines).toContain('sample: ended by itself: exit code 3');
    expect((await see(`${url}/`)).pid).not.toBe(pid);
  });

  it('gives 503 to what waits when it never becomes ready', async () => {
    const url = await start({ process: { STILLBORN: 'yes' } });
    const answers = [statusOf(fetch(`${url}/`)), statusOf(fetch(`${url}/`))];
    expect(await Promise.all(answers)).toEqual([503, 503]);
    expect(lines).toContain('sample: could not start: ended before it was ready: exit code 4');
  });

  it('gives 503 when the startup probe has failed for its whole time', async () => {
    const url = await start({ process: { GATED_START: 'yes' } });
    const answer = statusOf(fetch(`${url}/`));
    await control.reached('/gate/start');
    clock.advance(30_000);
    expect(await answer).toBe(503);
    await serving?.scaledToZero('sample');
  });

  it('is left alone when it has started and only waits for what it needs', async () => {
    const url = await start({ process: { GATED_READINESS: 'yes' } });
    const answer = see(`${url}/`);
    await control.reached('/gate/ready');
    await expect.poll(() => clock.isAwaited(30_000), waitOptions).toBe(false);
    clock.advance(45_000);
    control.open('/gate/ready');
    await answer;
  });

  it('is started again by itself below min-scale', async () => {
    const url = await start({
      annotations: { 'autoscaling.knative.dev/min-scale': '1' },
      process: { GATED_START: 'yes' },
    });
    await control.reached('/gate/start');
    control.open('/gate/start');
    expect(await statusOf(fetch(`${url}/crash`))).toBe(502);
    await clock.awaited(1000);
    clock.advance(1000);
    await control.reached('/gate/start', 2);
  });
});

describe('stop', () => {
  it('lets what is under way end, refuses what comes, then ends the process with SIGTERM', async () => {
    const url = await start({ graceMs: 30_000 });
    const held = fetch(`${url}/gate/last`);
    await control.reached('/gate/last');
    const stopped = serving?.stop();
    expect(await statusOf(fetch(`${url}/`))).toBe(503);
    expect(lines).not.toContain('sample: draining');
    control.open('/gate/last');
    expect((await held).status).toBe(200);
    await stopped;
    expect(lines).toContain('sample: draining');
  });

  it('kills a process that does not heed SIGTERM when the grace is over', async () => {
    const url = await start({ graceMs: 30_000, process: { DEAF: 'yes' } });
    const { pid } = await see(`${url}/`);
    const stopped = serving?.stop();
    await expect.poll(() => clock.asked.filter((delay) => delay === 30_000).length, waitOptions).toBeGreaterThan(2);
    clock.advance(30_000);
    await stopped;
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('leaves no process of a service that was still starting', async () => {
    const url = await start({ process: { GATED_START: 'yes' } });
    const early = statusOf(fetch(`${url}/`));
    await control.reached('/gate/start');
    await serving?.stop();
    expect(await early).toBe(503);
    const [pid = 0] = control.pids('/gate/start');
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

describe('visibility', () => {
  it('lets the gateway reach a public service', async () => {
    await start();
    expect(await statusOf(fetch(await startGateway('sample')))).toBe(200);
  });

  it('hides a cluster-local service from the gateway, not from the cluster', async () => {
    const url = await start({ labels: { 'networking.knative.dev/visibility': 'cluster-local' } });
    expect(await statusOf(fetch(await startGateway('sample')))).toBe(404);
    await see(`${url}/`);
  });

  it('answers 404 for a service that is not there', async () => {
    await start();
    expect(await statusOf(fetch(await startGateway('nobody')))).toBe(404);
  });
});
