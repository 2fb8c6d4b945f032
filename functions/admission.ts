import type { Redis } from 'ioredis';

import type { Queryable } from '../shared/db/client.ts';
import { createTokenVerifier, type TokenVerifier } from '../shared/identity/verify-token.ts';
import { createKeyCache } from '../shared/redis/key-cache.ts';
import { createRateLimit, type LimitRate } from '../shared/redis/rate-limit.ts';
import { withLiveSessions } from './live-sessions.ts';

type AdmissionConfig = {
  readonly OIDC_ISSUER: string;
  readonly OIDC_AUDIENCE: string;
  readonly OIDC_JWKS_URL: string;
  readonly RATE_LIMIT_SUBJECT: number;
  readonly RATE_LIMIT_ADDRESS: number;
};

type Admission = { readonly authenticate: TokenVerifier; readonly limit: LimitRate };

/**
 * How a function knows who calls it and how often they may.
 * @param patients The patient context, over its own role or its reader's: it tells whether a session is live.
 */
export function admissionOf(config: AdmissionConfig, redis: Redis, patients: Queryable): Admission {
  const verify = createTokenVerifier({
    issuer: config.OIDC_ISSUER,
    audience: config.OIDC_AUDIENCE,
    jwksUrl: config.OIDC_JWKS_URL,
    cache: createKeyCache(redis, 'identity'),
  });
  const limits = { perSubject: config.RATE_LIMIT_SUBJECT, perAddress: config.RATE_LIMIT_ADDRESS };
  return { authenticate: withLiveSessions(verify, patients), limit: createRateLimit(redis, limits) };
}
