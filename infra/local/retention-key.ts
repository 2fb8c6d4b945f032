import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { exportJWK, generateKeyPair, type JWK } from 'jose';

/**
 * The public half of the key that seals what law keeps, as JSON. The pair is made when there is none; its private half, which
 * opens what was sealed, stays in a file that no function reads.
 */
export async function keepRetentionKey(home: string): Promise<string> {
  const file = join(home, 'retention-key.json');
  const pair = (await readPair(file)) ?? (await makePair(home, file));
  const { d: _, ...publicHalf } = pair;
  return JSON.stringify(publicHalf);
}

async function readPair(file: string): Promise<JWK | undefined> {
  const kept = await readFile(file, 'utf8').catch(absent);
  return kept === undefined ? undefined : JSON.parse(kept);
}

async function makePair(home: string, file: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ECDH-ES+A256KW', { crv: 'P-256', extractable: true });
  const pair = await exportJWK(privateKey);
  await mkdir(home, { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify(pair), { mode: 0o600 });
  await rename(`${file}.new`, file);
  return pair;
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
