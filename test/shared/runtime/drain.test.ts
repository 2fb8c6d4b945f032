import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

import { afterEach, describe, expect, it } from 'vitest';

import { until } from '../../support/until.ts';
import { call, doors, openSample } from './doors.ts';
import type { Door, Reply } from './doors.ts';

const headers = { authorization: 'Bearer ada', 'content-type': 'application/json' };
const due = '2026-03-01T09:00:00Z';

async function add(door: Door, text: string): Promise<Reply> {
  return call(door, 'POST', '/fr/notes', { headers, body: { text, due } });
}

async function isReady(door: Door): Promise<boolean> {
  const { status } = await call(door, 'GET', '/health/ready');
  return status === 200;
}

type Load = { routed: boolean; readonly statuses: number[] };

/** Sends requests one after the other, until whoever routes to us stops doing so. */
async function client(door: Door, load: Load): Promise<void> {
  while (load.routed) load.statuses.push((await add(door, 'wait 5')).status);
}

describe.each(doors)('on SIGTERM, behind %s', (name) => {
  let door: Door;
  afterEach(() => door.process.kill('SIGKILL'));

  it('fails no request under load, while it tells that it is going', async () => {
    door = await openSample(name, { DRAIN_DELAY_MS: '3000' });
    const load: Load = { routed: true, statuses: [] };
    const clients = Array.from({ length: 8 }, async () => client(door, load));
    await until(() => load.statuses.length > 40, { what: 'load' });
    const stopped = door.stop();
    await until(async () => !(await isReady(door)), { what: 'the drain' });
    const before = load.statuses.length;
    await until(() => load.statuses.length > before + 40, { what: 'load during the drain' });
    load.routed = false;
    await Promise.all(clients);
    expect(new Set(load.statuses)).toEqual(new Set([201]));
    expect(await stopped).toBe(0);
    expect(door.output()).toContain('sample closed');
  });

  it('goes on taking new connections for the drain delay, and asks each client to leave', async () => {
    door = await openSample(name, { DRAIN_DELAY_MS: '1000' });
    expect((await add(door, 'x')).headers.get('connection')).toBe('keep-alive');
    const stopped = door.stop();
    await until(async () => !(await isReady(door)), { what: 'the drain' });
    const { status, headers: answered } = await add(door, 'x');
    expect({ status, connection: answered.get('connection') }).toEqual({ status: 201, connection: 'close' });
    expect(await stopped).toBe(0);
  });

  it('finishes what is under way after the drain delay, then closes the function', async () => {
    door = await openSample(name);
    await isReady(door);
    const slow = add(door, 'wait 1500');
    await until(() => door.output().includes('under way'), { what: 'the operation' });
    const stopped = door.stop();
    expect((await slow).status).toBe(201);
    expect(await stopped).toBe(0);
    expect(door.output()).toContain('sample closed');
  });

  it('does not wait for connections that carry nothing', async () => {
    door = await openSample(name);
    await isReady(door);
    const { hostname, port } = new URL(door.url);
    const silent: Socket = connect(Number(port), hostname);
    await once(silent, 'connect');
    expect(await door.stop()).toBe(0);
    silent.destroy();
  });

  it('exits with 1 at the deadline', async () => {
    door = await openSample(name, { DRAIN_DEADLINE_MS: '300' });
    await isReady(door);
    const hanging = add(door, 'hang').catch(() => ({ status: 0 }));
    await until(() => door.output().includes('under way'), { what: 'the operation' });
    expect(await door.stop()).toBe(1);
    expect((await hanging).status).not.toBe(201);
  });

  it('exits with 1 at a second signal', async () => {
    door = await openSample(name, { DRAIN_DELAY_MS: '20000' });
    await isReady(door);
    const stopped = door.stop('SIGINT');
    await until(async () => !(await isReady(door)), { what: 'the drain' });
    door.process.kill('SIGTERM');
    expect(await stopped).toBe(1);
  });
});
