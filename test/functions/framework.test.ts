import { afterEach, describe, expect, it } from 'vitest';

import { workloads } from '../../functions/workloads.ts';
import { call, openWithFramework } from '../shared/runtime/doors.ts';
import type { Door } from '../shared/runtime/doors.ts';

let door: Door;
afterEach(() => door.process.kill('SIGKILL'));

// What the functions answer behind this door is tested beside the other one in both-doors.test.ts.
describe("functions-framework's own command line", () => {
  it.each(workloads)('finds %s and opens it with the first request, telling what it lacks', async (name) => {
    door = await openWithFramework(name, {});
    const { status, headers, json } = await call(door, 'GET', '/health/ready');
    expect(status).toBe(503);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(json).toMatchObject({ code: 'unavailable' });
    expect(door.output()).toMatch(/The environment is not complete:\n {2}\w+ is not set/);
  });

  it('refuses a function that there is not', async () => {
    await expect(openWithFramework('nonesuch', {})).rejects.toThrow("Function 'nonesuch' is not defined");
  });
});
