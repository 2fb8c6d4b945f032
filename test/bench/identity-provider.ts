import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';

export type IdentityProvider = {
  /** What a function needs of its environment to check the tokens. */
  readonly environment: { OIDC_ISSUER: string; OIDC_JWKS_URL: string; OIDC_AUDIENCE: string };
  /** A patient's access token, good for an hour. */
  readonly tokenOf: (patientId: string) => Promise<string>;
  readonly tokenOfStaff: () => Promise<string>;
  readonly stop: () => void;
};

const AUDIENCE = 'careflow';

/** Publishes a key and signs with it, as an OpenID provider does. */
export async function startIdentityProvider(): Promise<IdentityProvider> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  const jwks = JSON.stringify({ keys: [{ ...jwk, kid, alg: 'ES256', use: 'sig' }] });
  const server = createServer((_, response) => response.setHeader('content-type', 'application/json').end(jwks));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the provider does not listen');
  const issuer = `http://127.0.0.1:${address.port}`;
  const sign = (subject: string, claims: { roles: string[]; scope: string }) =>
    new SignJWT({ ...claims, country: 'fr', sid: randomBytes(32).toString('base64url') })
      .setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt' })
      .setIssuer(issuer)
      .setAudience(AUDIENCE)
      .setSubject(subject)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey);
  return {
    environment: { OIDC_ISSUER: issuer, OIDC_JWKS_URL: `${issuer}/jwks`, OIDC_AUDIENCE: AUDIENCE },
    tokenOf: (patientId) => sign(patientId, { roles: ['patient'], scope: 'bookings:read bookings:write' }),
    tokenOfStaff: () => sign('staff', { roles: ['staff'], scope: 'notifications:read availability:read' }),
    stop: () => server.close(),
  };
}
