import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { vi } from 'vitest';

/** The test's side of the gates in `function.ts`. */
export type Control = {
  url: string;
  /** Resolves when so many handlers have come to the gate, past ones included. */
  reached(path: string, times?: number): Promise<void>;
  /** Lets one handler that waits at the gate go on. */
  open(path: string): void;
  /** Every path that was asked for, in order. */
  readonly asked: string[];
  /** The statuses to answer at a path from now on, one after the other; 200 after the last. */
  answer(path: string, statuses: number[]): void;
  /** The ids of the processes that came to the gate. */
  pids(path: string): number[];
  close(): Promise<void>;
};

export async function startControl(): Promise<Control> {
  const waiting = new Map<string, ServerResponse[]>();
  const seen = new Map<string, number[]>();
  const answers = new Map<string, number[]>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    let pid = '';
    request.on('data', (chunk: Buffer) => (pid += chunk.toString()));
    request.on('end', () => {
      seen.set(path, [...(seen.get(path) ?? []), Number(pid)]);
      asked.push(path);
      if (path.startsWith('/gate/')) waiting.set(path, [...(waiting.get(path) ?? []), response]);
      else response.writeHead(answers.get(path)?.shift() ?? 200).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const pids = (path: string) => seen.get(path) ?? [];
  return {
    url: `http://127.0.0.1:${address.port}`,
    reached: (path, times = 1) =>
      vi.waitFor(() => {
        if (pids(path).length < times) throw new Error(`${path} was reached ${pids(path).length} times`);
      }, waitOptions),
    open(path) {
      const [first, ...rest] = waiting.get(path) ?? [];
      if (!first) throw new Error(`nobody waits at ${path}`);
      waiting.set(path, rest);
      first.end();
    },
    pids,
    asked,
    answer: (path, statuses) => answers.set(path, [...statuses]),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

export const waitOptions = { timeout: 20_000, interval: 5 };
