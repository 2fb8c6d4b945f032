import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { eventContract } from '../../../schemas/events/contract.ts';
import { createLog } from '../../../shared/runtime/log.ts';
import { subscribe } from '../../../shared/runtime/route.ts';
import { buildServer } from '../../../shared/runtime/server.ts';

const Rung = eventContract({ type: 'careflow.bell.rung.v1', summary: 'A bell was rung.', data: z.strictObject({}) });

describe('where events come from', () => {
  let taken = 0;
  const server = buildServer(
    {
      name: 'bell',
      routes: [],
      subscriptions: [
        subscribe(Rung, async () => {
          taken += 1;
        }),
      ],
      dependencies: {},
      close: async () => undefined,
    },
    { log: createLog({ name: 'bell', level: 'fatal' }) },
  );
  beforeAll(async () => server.ready());
  afterAll(() => server.close());

  function ring(host: string) {
    return server.inject({
      method: 'POST',
      url: '/events',
      payload: {},
      headers: {
        host,
        'content-type': 'application/json',
        'ce-specversion': '1.0',
        'ce-id': '1',
        'ce-source': '/tower',
        'ce-type': Rung.type,
        'ce-time': '2031-03-03T09:00:00Z',
      },
    });
  }

  it.each(['bell.careflow.svc.cluster.local', 'bell.careflow.svc', '127.0.0.1:8080', 'localhost'])(
    'takes an event that was sent to %s',
    async (host) => {
      const before = taken;
      expect((await ring(host)).statusCode).toBe(204);
      expect(taken).toBe(before + 1);
    },
  );

  it.each(['bell.careflow.example.com', 'svc.cluster.local.example.com', 'bell.svc.example.com'])(
    'knows no such path from outside, at %s',
    async (host) => {
      const before = taken;
      expect((await ring(host)).statusCode).toBe(404);
      expect(taken).toBe(before);
    },
  );
});
