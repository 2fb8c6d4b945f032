import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { JWK } from 'jose';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { z } from 'zod';

const SigningKey = z.looseObject({ kty: z.literal('EC'), d: z.string(), kid: z.string() });

/** The private key kept in the directory, made when there is none: so tokens outlive a restart. */
export async function keepSigningKey(dir: string): Promise<JWK> {
  const file = join(dir, 'signing-key.json');
  const kept = await readFile(file, 'utf8').catch(absent);
  if (kept !== undefined) return SigningKey.parse(JSON.parse(kept));
  const key = await newSigningKey();
  await mkdir(dir, { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify(key), { mode: 0o600 });
  await rename(`${file}.new`, file);
  return key;
}

async function newSigningKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const key = await exportJWK(privateKey);
  return { ...key, kid: await calculateJwkThumbprint(key), alg: 'ES256', use: 'sig' };
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
