import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The secret that wraps the patients' keys, made when there is none: what was sealed before a restart opens after it. */
export async function keepSubjectKeysSecret(home: string): Promise<string> {
  const file = join(home, 'subject-keys-secret');
  const kept = await readFile(file, 'utf8').catch(absent);
  if (kept !== undefined) return kept.trim();
  const secret = randomBytes(32).toString('base64url');
  await mkdir(home, { recursive: true });
  await writeFile(`${file}.new`, secret, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return secret;
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
