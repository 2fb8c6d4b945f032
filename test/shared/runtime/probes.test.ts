import { afterEach, describe, expect, it } from 'vitest';
import type { FastifyInstance } from 'fastify';

import { createLog } from '../../../shared/runtime/log.ts';
import { buildServer } from '../../../shared/runtime/server.ts';
import { sampleFunction } from './sample-function.ts';

const never = async (): Promise<never> => new Promise(() => undefined);
const up = async (): Promise<string> => 'up';
const down = async (): Promise<never> => {
  throw new Error('connect ECONNREFUSED 10.1.2.3:5432');
};

let app: FastifyInstance;
afterEach(async () => app.close());

function serverWith(dependencies: Record<string, () => Promise<unknown>>): FastifyInstance {
  const log = createLog({ name: 'notes', level: 'silent' });
  app = buildServer({ ...sampleFunction(), dependencies }, { log, probeTimeoutMs: 20 });
  return app;
}

describe('probes', () => {
  it.each(['/health/live', '/health/liveness', '/health/startup', '/health/ready', '/health/readiness'])(
    'answer 200 at %s without a token',
    async (url) => {
      const { statusCode, body } = await serverWith({ store: up }).inject(url);
      expect({ statusCode, body }).toEqual({ statusCode: 200, body: '{"status":"up"}' });
    },
  );

  it.each(['/health/ready', '/health/readiness'])('name the dependencies that fail or are late at %s', async (url) => {
    const reply = await serverWith({ postgres: down, redis: up, kafka: never }).inject(url);
    expect(reply.statusCode).toBe(503);
    expect(reply.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(reply.json()).toMatchObject({ code: 'unavailable', failing: ['postgres', 'kafka'] });
    expect(reply.body).not.toContain('10.1.2.3');
  });

  it('stay live while a dependency is down', async () => {
    expect((await serverWith({ postgres: down }).inject('/health/live')).statusCode).toBe(200);
  });

  it('are live but not ready while draining', async () => {
    const draining = serverWith({ store: up });
    await draining.ready();
    draining.drain();
    expect((await draining.inject('/health/ready')).statusCode).toBe(503);
    expect((await draining.inject('/health/live')).statusCode).toBe(200);
  });
});

describe('a function', () => {
  it('without events has no door for them', async () => {
    const log = createLog({ name: 'notes', level: 'silent' });
    app = buildServer({ ...sampleFunction(), subscriptions: [] }, { log });
    expect((await app.inject({ method: 'POST', url: '/events' })).statusCode).toBe(404);
  });

  it('with routes and no way to know callers is not served', async () => {
    const { authenticate: _, ...fn } = sampleFunction();
    app = buildServer(fn, { log: createLog({ name: 'notes', level: 'silent' }) });
    await expect(app.ready()).rejects.toThrow('notes has routes but no way to authenticate their callers');
  });
});
