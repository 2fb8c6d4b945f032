import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { isDeepStrictEqual } from 'node:util';

import type { CryptoKey, JWK } from 'jose';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

import type { KeyCache } from '../../../shared/identity/signing-keys.ts';

export type SigningKey = {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
};

export async function newKey(kid: string, alg = 'ES256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** A provider's key endpoint on a real port, whose keys may change and which may stop and come back. */
export async function startIssuer(...keys: readonly SigningKey[]) {
  let published: readonly SigningKey[] = keys;
  let fetches = 0;
  let answer: (() => string) | undefined;
  const server = createServer((_request, response) => {
    fetches += 1;
    response.setHeader('content-type', 'application/json');
    response.end(answer?.() ?? JSON.stringify({ keys: published.map(({ jwk }) => jwk) }));
  });
  const port = await listen(server, 0);
  return {
    issuer: 'https://issuer.example',
    jwksUrl: `http://127.0.0.1:${port}/jwks`,
    fetches: () => fetches,
    publish: (...next: readonly SigningKey[]) => (published = next),
    answerWith: (text: string) => (answer = () => text),
    start: () => listen(server, port),
    async stop() {
      server.closeAllConnections();
      if (server.listening) await promiseOf((done) => server.close(done));
    },
  };
}

export type TokenParts = {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: { readonly typ?: string; readonly kid?: string };
  readonly expiresIn?: number;
  readonly issuedAt: Temporal.Instant;
};

/** What names a session in its tokens, as a provider makes it. */
export function newReference(): string {
  return randomBytes(32).toString('base64url');
}

/** A token that is good in everything the parts do not change; a person's is of a sign-in of its own. */
export function sign(
  key: SigningKey,
  { claims = {}, header = {}, expiresIn = 600, issuedAt }: TokenParts,
): Promise<string> {
  const iat = Math.floor(issuedAt.epochMilliseconds / 1000);
  const good = { iss: 'https://issuer.example', aud: 'careflow', sub: 'subject-1', iat, exp: iat + expiresIn };
  const session = isDeepStrictEqual(claims['roles'], ['system']) ? {} : { sid: newReference() };
  return new SignJWT({ ...good, ...session, ...claims })
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header })
    .sign(key.privateKey);
}

export function mapCache(): KeyCache & { readonly values: Map<string, string> } {
  const values = new Map<string, string>();
  return {
    values,
    get: (key) => Promise.resolve(values.get(key)),
    set: (key, value) => Promise.resolve(values.set(key, value)),
  };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address === 'string' || address === null) throw new Error('listens on no port');
  return address.port;
}

function promiseOf(call: (done: () => void) => void): Promise<void> {
  return new Promise(call);
}
