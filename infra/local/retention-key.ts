import { exportJWK, generateKeyPair, type JWK } from 'jose';

import { keepSecret } from './kept-secret.ts';

/**
 * The public half of the key that seals what law keeps, as JSON. Its private half, which opens what was sealed, stays in a
 * file that no function reads.
 */
export async function keepRetentionKey(home: string): Promise<string> {
  const pair: JWK = JSON.parse(await keepSecret(home, 'retention-key.json', makePair));
  const { d: _, ...publicHalf } = pair;
  return JSON.stringify(publicHalf);
}

async function makePair(): Promise<string> {
  const { privateKey } = await generateKeyPair('ECDH-ES+A256KW', { crv: 'P-256', extractable: true });
  return JSON.stringify(await exportJWK(privateKey));
}
