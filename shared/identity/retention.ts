import { CompactEncrypt, importJWK, type JWK } from 'jose';

/** Seals what law keeps; only the holder of the private key, which no function has, opens it. */
export type SealRetained = (content: unknown) => Promise<string>;

const ALGORITHM = 'ECDH-ES+A256KW';

/** @param publicKey an EC key as RFC 7517 writes it. */
export function openRetention(publicKey: JWK): SealRetained {
  let key: ReturnType<typeof importJWK> | undefined;
  return async (content) => {
    key ??= importJWK(publicKey, ALGORITHM);
    const { kid } = publicKey;
    return new CompactEncrypt(Buffer.from(JSON.stringify(content)))
      .setProtectedHeader({ alg: ALGORITHM, enc: 'A256GCM', ...(kid !== undefined && { kid }) })
      .encrypt(await key);
  };
}
