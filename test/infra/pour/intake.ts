import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

import { toOperationOutcome } from '../../../shared/fhir/operation-outcome.ts';
import { readBundle } from '../../../shared/fhir/read-bundle.ts';
import { acknowledgmentCodes, writeAcknowledgment } from '../../../shared/hl7/acknowledgment.ts';
import { readMessages } from '../../../shared/hl7/read-messages.ts';

/** A gateway and an identity provider in one, whose intake reads what it is sent and keeps none of it. */
export type Intake = {
  readonly url: string;
  /** Media types of what was posted, and the country it was posted to. */
  readonly posted: readonly string[];
  /** Answers so many of the next with this status. */
  fail(times: number, status: number, body?: string): void;
  close(): Promise<void>;
};

type SetAside = { readonly quarantine: object[]; readonly codes: object[] };

export async function openIntake(setAside: SetAside = { quarantine: [], codes: [] }): Promise<Intake> {
  const posted: string[] = [];
  const failures: { status: number; body: string }[] = [];
  const server = createServer((request, response) => void answer(request, response));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://intake');
    const body = await buffer(request);
    if (pathname === '/token') return send(response, 200, JSON.stringify({ access_token: roleIn(body) }));
    if (pathname.endsWith('/lab-quarantine')) return sendPage(response, setAside.quarantine, searchParams);
    if (pathname.endsWith('/lab-codes')) return sendPage(response, setAside.codes, searchParams);
    if (request.headers.authorization !== 'Bearer system') return send(response, 401, '{}');
    const failure = failures.shift();
    if (failure) return send(response, failure.status, failure.body);
    const mediaType = request.headers['content-type'] ?? '';
    posted.push(`${pathname} ${mediaType}`);
    if (mediaType === 'application/hl7-v2') return send(response, 200, acknowledge(body));
    const read = readBundle(body.toString(), { sender: 'test' });
    const faults = read.outcome === 'refused' ? read.faults : read.message.warnings;
    send(response, read.outcome === 'refused' ? 422 : 202, JSON.stringify(toOperationOutcome(faults)));
  }

  await listen(server);
  return {
    url: urlOf(server),
    posted,
    fail: (times, status, body = '{}') => failures.push(...Array.from({ length: times }, () => ({ status, body }))),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function acknowledge(bytes: Uint8Array): string {
  const at = Temporal.Now.instant();
  return readMessages(bytes, { timeZone: 'Europe/Paris' })
    .flatMap((read) => {
      const [outcome, faults] = read.outcome === 'parsed' ? (['accepted', []] as const) : [read.outcome, read.faults];
      const codes = acknowledgmentCodes(read.header, outcome);
      return codes.map((code) => writeAcknowledgment({ header: read.header, code, faults, controlId: 'A1', at }));
    })
    .join('');
}

/** Pages of one, so that there is more than one. */
function sendPage(response: ServerResponse, all: readonly object[], query: URLSearchParams): void {
  const from = Number(query.get('cursor') ?? '0');
  const nextCursor = from + 1 < all.length ? String(from + 1) : null;
  send(response, 200, JSON.stringify({ items: all.slice(from, from + 1), nextCursor }));
}

function roleIn(form: Buffer): string {
  return new URLSearchParams(form.toString()).get('role') ?? '';
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status).end(body);
}

async function listen(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return `http://127.0.0.1:${address.port}`;
}
