import { Agent } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Source } from '../../../infra/local/knative/kafka-source.ts';
import { startPingSource } from '../../../infra/local/knative/ping-source.ts';
import { parseResources } from '../../../infra/local/knative/resources.ts';
import { waitOptions } from './support/control.ts';
import { createManualClock, type ManualClock } from './support/manual-clock.ts';
import { one } from './support/manifests.ts';
import { type Receiver, startReceiver } from './support/receiver.ts';

const dispatcher = new Agent();
let clock: ManualClock;
let receiver: Receiver;
let source: Source;
let lines: string[];

beforeEach(() => {
  clock = createManualClock('2026-03-02T08:00:30Z');
  lines = [];
});

afterEach(async () => {
  const stopped = source.stop();
  await receiver.close();
  await stopped;
});

async function start(statusOf: (times: number) => number): Promise<void> {
  receiver = await startReceiver((_, times) => ({ status: statusOf(times) }));
  const {
    pingSources: [manifest],
  } = parseResources([
    one(`
      apiVersion: sources.knative.dev/v1
      kind: PingSource
      metadata: { name: cron, namespace: careflow }
      spec:
        schedule: '* * * * *'
        contentType: application/json
        data: '{"due":true}'
        sink: { uri: '${receiver.url}/events' }`),
  ]);
  if (!manifest) throw new Error('no source');
  source = startPingSource(manifest, {
    dispatcher,
    clock,
    resolve: ({ uri = '' }) => uri,
    log: (line) => lines.push(line),
  });
}

describe('a tick', () => {
  it('comes at the minute, as a CloudEvent with the data', async () => {
    await start(() => 204);
    clock.advance(29_999);
    expect(receiver.received).toEqual([]);
    clock.advance(1);
    await receiver.count(1);
    expect(receiver.received[0]).toMatchObject({
      path: '/events',
      body: '{"due":true}',
      headers: {
        'ce-specversion': '1.0',
        'ce-type': 'dev.knative.sources.ping',
        'ce-source': '/apis/v1/namespaces/careflow/pingsources/cron',
        'ce-time': '2026-03-02T08:01:00Z',
        'content-type': 'application/json',
      },
    });
  });

  it('comes every minute, each time with another id', async () => {
    await start(() => 204);
    clock.advance(150_000);
    await receiver.count(3);
    expect(new Set(receiver.received.map(({ headers }) => headers['ce-id'])).size).toBe(3);
  });

  it.each([404, 413, 425, 429, 502, 503, 504])('that is answered %d is tried again, after 100 ms', async (status) => {
    await start((times) => (times === 1 ? status : 204));
    clock.advance(30_000);
    await clock.awaited(100);
    clock.advance(100);
    await receiver.count(2);
    expect(lines).toEqual([]);
  });

  it('is tried again when the connection breaks', async () => {
    await start((times) => (times === 1 ? 0 : 204));
    clock.advance(30_000);
    await clock.awaited(100);
    clock.advance(100);
    await receiver.count(2);
    expect(lines).toEqual([]);
  });

  it('is tried five times more, each after twice the time, and then lost', async () => {
    await start(() => 503);
    clock.advance(30_000);
    for (const delay of [100, 200, 400, 800, 1600]) {
      await clock.awaited(delay);
      clock.advance(delay);
    }
    await expect.poll(() => lines, waitOptions).toEqual(['lost a tick: 503']);
    expect(receiver.received).toHaveLength(6);
  });

  it.each([400, 401, 409, 422, 500, 501])('that is answered %d is lost', async (status) => {
    await start(() => status);
    clock.advance(30_000);
    await expect.poll(() => lines, waitOptions).toEqual([`lost a tick: ${status}`]);
    expect(receiver.received).toHaveLength(1);
  });

  it('does not come after the stop', async () => {
    await start(() => 204);
    await source.stop();
    clock.advance(120_000);
    expect(receiver.received).toEqual([]);
  });
});
