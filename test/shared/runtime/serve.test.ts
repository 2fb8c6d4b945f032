import { once } from 'node:events';

import { afterEach, describe, expect, it } from 'vitest';

import { until } from '../../support/until.ts';
import { call, openSlowSample } from './doors.ts';
import type { Door } from './doors.ts';

const headers = { authorization: 'Bearer ada', 'content-type': 'application/json' };
const note = { text: 'call back', due: '2026-03-01T09:00:00Z' };
const opening = 503;

let door: Door;
afterEach(() => door.process.kill('SIGKILL'));

async function statusOf(probe: string): Promise<number> {
  const { status } = await call(door, 'GET', `/health/${probe}`);
  return status;
}

describe('a function that is being opened', () => {
  it('lives, has not started and is not ready', async () => {
    door = await openSlowSample();
    expect(await statusOf('live')).toBe(200);
    expect(await statusOf('liveness')).toBe(200);
    expect(await statusOf('startup')).toBe(opening);
    const { status, headers: told, json } = await call(door, 'GET', '/health/ready');
    expect({ status, retryAfter: told.get('retry-after') }).toEqual({ status: opening, retryAfter: '5' });
    expect(told.get('content-type')).toBe('application/problem+json');
    expect(json).toMatchObject({ code: 'unavailable', detail: 'The function is being opened.' });
  });

  it('answers what came early when it is open, and then says that it is ready', async () => {
    door = await openSlowSample();
    const early = Promise.all([
      call(door, 'POST', '/fr/notes', { headers, body: note }),
      call(door, 'POST', '/fr/notes', { headers, body: '{"' }),
      call(door, 'GET', '/nowhere'),
      call(door, 'DELETE', '/health/live'),
    ]);
    const first = await Promise.race([early, call(door, 'GET', '/health/live')]);
    expect(first).toMatchObject({ status: 200 });
    door.process.kill('SIGCONT');
    expect((await early).map(({ status }) => status)).toEqual([201, 400, 404, 405]);
    expect([await statusOf('startup'), await statusOf('ready'), await statusOf('live')]).toEqual([200, 200, 200]);
  });

  it('answers what came early and exits with 0 where it is told to stop meanwhile', async () => {
    door = await openSlowSample();
    const early = call(door, 'POST', '/fr/notes', { headers, body: { ...note, text: 'wait 200' } });
    expect(await statusOf('live')).toBe(200);
    const stopped = door.stop();
    await until(() => door.output().includes('draining'), { what: 'the signal' });
    door.process.kill('SIGCONT');
    expect(await early).toMatchObject({ status: 201 });
    expect(await stopped).toBe(0);
    expect(door.output()).toContain('sample closed');
  });

  it('exits with 1 where it cannot be opened, and leaves nobody waiting', async () => {
    door = await openSlowSample({ FAILS: 'true' });
    const early = call(door, 'GET', '/nowhere').then(
      () => 'answered',
      () => 'refused',
    );
    expect(await statusOf('live')).toBe(200);
    const exited = once(door.process, 'exit');
    door.process.kill('SIGCONT');
    expect(await exited).toEqual([1, null]);
    expect(await early).toBe('refused');
    expect(door.output()).toContain('it cannot be opened');
  });
});
