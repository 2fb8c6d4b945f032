import { once } from 'node:events';
import { createServer } from 'node:net';

const held = new Set<string>();

/** Takes a name for this process until it ends, however it ends. False where another process has it. */
export async function lockName(name: string): Promise<boolean> {
  if (held.has(name)) return true;
  const server = createServer();
  // A name in Linux's abstract socket namespace is one process's alone, and goes with it (unix(7)).
  server.listen({ path: `\0careflow-${name}` });
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.unref();
  held.add(name);
  return true;
}
