import { createHash } from 'node:crypto';
import { resolve } from 'node:path';

import { MissingRequirement } from './services/missing-requirement.ts';
import { lockName } from './services/process-lock.ts';

/**
 * Keeps every other process off the folder until this one ends, however it ends. Throws MissingRequirement where another
 * has it.
 */
export async function lockHome(home: string): Promise<void> {
  const name = createHash('sha256').update(resolve(home)).digest('hex');
  if (await lockName(`home-${name}`)) return;
  throw new MissingRequirement(
    `Another process is at work on ${home}`,
    'Wait for it to end or stop it, or set CAREFLOW_HOME to another folder.',
  );
}
