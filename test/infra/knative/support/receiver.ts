import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { vi } from 'vitest';
import { waitOptions } from './control.ts';

export type Received = { path: string; headers: IncomingHttpHeaders; body: string };
/** Status 0 breaks the connection off. */
export type Answer = { status: number; headers?: Record<string, string>; body?: string };

/** A sink that answers as the test says, and keeps what it got. */
export type Receiver = {
  url: string;
  received: Received[];
  /** Resolves when so many requests have come. */
  count(requests: number): Promise<void>;
  close(): Promise<void>;
};

async function reply(response: ServerResponse, answer: Answer | Promise<Answer>): Promise<void> {
  const { status, headers = {}, body } = await answer;
  if (status === 0) response.destroy();
  else response.writeHead(status, headers).end(body);
}

export async function startReceiver(
  answer: (got: Received, times: number) => Answer | Promise<Answer>,
): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const got = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() };
      received.push(got);
      void reply(response, answer(got, received.length));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    received,
    count: (requests) =>
      vi.waitFor(() => {
        if (received.length < requests) throw new Error(`${received.length} requests came`);
      }, waitOptions),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
