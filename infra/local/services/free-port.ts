import { once } from 'node:events';
import { createServer } from 'node:net';

/** The preferred port of 127.0.0.1 when nothing listens there, else one that is free now. */
export async function freePort(preferred = 0): Promise<number> {
  const port = await tryPort(preferred);
  return port ?? (await freePort());
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
