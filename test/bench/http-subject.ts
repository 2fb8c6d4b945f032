/** What `http.bench.ts` measures, in a process of its own: bare node:http, or our runtime. */
import { createServer } from 'node:http';

import { createBooking } from '../../schemas/api/booking.ts';
import { BookingCreated } from '../../schemas/events/booking.v1.ts';
import type { CareflowFunction } from '../../shared/runtime/function.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { route, subscribe } from '../../shared/runtime/route.ts';
import { buildServer } from '../../shared/runtime/server.ts';
import { answerTo, booking, tellUsage } from './http-answer.ts';

const fn: CareflowFunction = {
  name: 'bench',
  routes: [route(createBooking, async ({ patientId }) => ({ body: { ...booking, patientId } }))],
  subscriptions: [subscribe(BookingCreated, async () => undefined)],
  authenticate: async () => ({ subject: 'ada', roles: ['patient'], scopes: ['bookings:write'], country: 'fr' }),
  limit: async () => ({ 'ratelimit-limit': '100', 'ratelimit-remaining': '99', 'ratelimit-reset': '60' }),
  dependencies: {},
  close: async () => undefined,
};

const bare = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const answer = answerTo(request.url, JSON.parse(Buffer.concat(chunks).toString()));
    if (answer === undefined) response.writeHead(204).end();
    else response.writeHead(201, { 'content-type': 'application/json' }).end(answer);
  });
});

const port = Number(process.argv[3]);
if (process.argv[2] === 'bare') bare.listen(port, '127.0.0.1');
else await buildServer(fn, { log: createLog({ name: 'bench' }) }).listen({ port, host: '127.0.0.1' });
tellUsage();
