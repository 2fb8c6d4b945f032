import { randomBytes } from 'node:crypto';

import { keepSecret } from './kept-secret.ts';

/** The secret that wraps the patients' keys: what was sealed before a restart opens after it. */
export async function keepSubjectKeysSecret(home: string): Promise<string> {
  return keepSecret(home, 'subject-keys-secret', () => randomBytes(32).toString('base64url'));
}
