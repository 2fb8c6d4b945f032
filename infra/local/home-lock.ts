import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { resolve } from 'node:path';

import { MissingRequirement } from './services/missing-requirement.ts';

/**
 * Keeps every other process off the folder until this one ends, however it ends. Throws MissingRequirement where another
 * has it.
 */
export async function lockHome(home: string): Promise<void> {
  const server = createServer();
  // A name in Linux's abstract socket namespace is one process's alone, and goes with it (unix(7)).
  server.listen({ path: `\0careflow-${createHash('sha256').update(resolve(home)).digest('hex')}` });
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new MissingRequirement(
      `Another process is at work on ${home}`,
      'Wait for it to end or stop it, or set CAREFLOW_HOME to another folder.',
      { cause },
    );
  }
  server.unref();
}
