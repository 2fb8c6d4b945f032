import { compactDecrypt, exportJWK, generateKeyPair } from 'jose';

/** A key pair for what law keeps: the public half as the functions are given it, and what the other half opens. */
export async function newRetentionKey() {
  const pair = await generateKeyPair('ECDH-ES+A256KW', { crv: 'P-256', extractable: true });
  return {
    publicKey: JSON.stringify(await exportJWK(pair.publicKey)),
    async open(sealed: string): Promise<unknown> {
      const { plaintext } = await compactDecrypt(sealed, pair.privateKey);
      return JSON.parse(Buffer.from(plaintext).toString());
    },
  };
}
