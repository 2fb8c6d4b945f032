import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import pg from 'pg';
import { Pool } from 'undici';
import { z } from 'zod';

import { readCall, writeAnswer } from '../../infra/local/mailbox/aws-query.ts';
import type { EventLog } from '../../shared/events/event-log.ts';
import { addOffers, offerAt } from './booking-offers.ts';
import { buildBundle } from './bundle.ts';
import { startSource } from './event-source.ts';
import { type Arrivals, createArrivals, type Hop, measureInTurn } from './hop.ts';
import { type IdentityProvider, startIdentityProvider } from './identity-provider.ts';
import { startProgram } from './process-under-test.ts';
import type { Servers } from './servers.ts';

const UNLIMITED = { RATE_LIMIT_SUBJECT: '1000000000', RATE_LIMIT_ADDRESS: '1000000000' };

/** From the answer to a booking to its e-mail at the provider: both functions as the image has them, and what is between. */
export async function openMailHop(servers: Servers, eventLog: EventLog): Promise<Hop> {
  const provider = await startIdentityProvider();
  const offers = await addOffers(servers.postgres.url, provider.tokenOf);
  await giveAddresses(servers.postgres.url);
  const arrivals = createArrivals();
  const ses = await startSes(arrivals);
  const [booking, notifications] = await startFunctions(servers, provider, ses.url);
  const url = `${notifications.url}/events`;
  const source = await startSource(servers, eventLog, { topic: 'booking-events', url, ordering: 'ordered' });
  const pool = new Pool(booking.url);
  let next = 0;
  return {
    measure: (times) => measureInTurn(times, arrivals, () => book(pool, offerAt(offers, next++))),
    async stop() {
      await source.stop();
      await Promise.all([pool.close(), booking.stop(), notifications.stop()]);
      ses.server.close();
      provider.stop();
    },
  };
}

async function startFunctions(servers: Servers, provider: IdentityProvider, endpoint: string) {
  const program = await buildBundle(join(servers.dir, 'image'));
  const environment = {
    ...servers.environment,
    ...provider.environment,
    ...UNLIMITED,
    AWS_REGION: 'eu-west-3',
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    EMAIL_FROM: 'no-reply@careflow.example',
  };
  return Promise.all([
    startProgram(program('booking', environment), '/health/live'),
    startProgram(program('notifications', environment), '/health/live'),
  ]);
}

/** One e-mail a booking: patients have no address, practitioners no telephone. */
async function giveAddresses(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`UPDATE practitioner.practitioners SET email = id || '@practice.example'`);
  await client.end();
}

const Booked = z.object({ id: z.string() });

async function book(pool: Pool, { token, body }: { token: string; body: string }): Promise<{ id: string; at: number }> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const response = await pool.request({ method: 'POST', path: '/fr/bookings', headers, body });
  const at = performance.now();
  const answer = await response.body.json();
  if (response.statusCode !== 201) throw new Error(`a booking was answered with ${response.statusCode}`);
  return { id: Booked.parse(answer).id, at };
}

const REFERENCE = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/** SES, as far as an e-mail about a booking goes: its text names the booking. */
async function startSes({ arrive }: Arrivals): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    void text(request).then((form) => {
      const call = readCall(new URLSearchParams(form), Temporal.Now.instant());
      for (const message of call.messages) arrive(REFERENCE.exec(message.text)?.[0] ?? '');
      response.setHeader('content-type', 'text/xml').end(writeAnswer(call));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the provider does not listen');
  return { url: `http://127.0.0.1:${address.port}`, server };
}
