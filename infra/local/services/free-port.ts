import { once } from 'node:events';
import { createServer } from 'node:net';

import { PortInUse } from './process.ts';
import { lockName } from './process-lock.ts';

/** The preferred port of 127.0.0.1 when nothing listens there, else one that is free now. */
export async function freePort(preferred = 0): Promise<number> {
  const port = await tryPort(preferred);
  return port ?? (await freePort());
}

/**
 * A port as `freePort` finds it, which no other platform takes until this process ends: a server that is down for a moment
 * would else come back to find another's at its address, and its clients would have talked to that one meanwhile.
 */
export async function reservedPort(preferred = 0): Promise<number> {
  const port = await freePort(preferred);
  return (await lockName(`port-${port}`)) ? port : reservedPort();
}

/** Starts something on the preferred port or, where that is taken, on one that was free a moment ago; as often as it takes. */
export async function onFreePort<Started>(
  preferred: number,
  start: (port: number) => Promise<Started>,
): Promise<Started> {
  for (let port = await reservedPort(preferred); ; port = await reservedPort()) {
    try {
      return await start(port);
    } catch (error) {
      if (!(error instanceof PortInUse)) throw error;
    }
  }
}

async function tryPort(wanted: number): Promise<number | undefined> {
  const server = createServer();
  const refused = new Promise<true>((resolve) => server.once('error', () => resolve(true)));
  server.listen(wanted, '127.0.0.1');
  if (await Promise.race([refused, once(server, 'listening').then(() => false)])) return undefined;
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : undefined;
}
