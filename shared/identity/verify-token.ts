import type { JWTVerifyGetKey, JWTVerifyOptions, JWTVerifyResult } from 'jose';
import { errors, jwtVerify } from 'jose';

import type { Caller } from '../domain/caller.ts';
import { lacksSession } from '../domain/caller.ts';
import type { RefusalReason } from './challenge.ts';
import { unauthenticated } from './challenge.ts';
import { callerOf } from './claims.ts';
import type { KeyCache } from './signing-keys.ts';
import { openSigningKeys } from './signing-keys.ts';
import { createVerifiedTokens } from './verified-tokens.ts';

export type TokenVerifierOptions = {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  /** Keeps the provider's keys for processes to come. */
  readonly cache?: KeyCache | undefined;
  readonly now?: () => Temporal.Instant;
  /** Keys this old are fetched again, and tokens checked with them are checked again. 10 minutes unless given. */
  readonly keyMaxAgeMs?: number;
  /** A key id nobody knows makes the keys be fetched again, at most so often. 30 seconds unless given. */
  readonly keyCooldownMs?: number;
};

/** Turns an `Authorization` header into a caller. Throws AppError `unauthenticated`, or `unavailable` without keys. */
export type TokenVerifier = (authorization: string | undefined) => Promise<Caller>;

const algorithms = ['ES256', 'RS256', 'EdDSA', 'Ed25519'];
const types = new Set(['at+jwt', 'application/at+jwt', 'jwt']);
const clockToleranceSeconds = 15;
const maxRemembered = 10_000;
/** Above any token we issue and below what Node takes for all headers together. */
const maxTokenLength = 8192;

/** Checks bearer access tokens (RFC 6750, RFC 9068) against the provider's published keys. */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { now = () => Temporal.Now.instant(), keyMaxAgeMs = 600_000, keyCooldownMs = 30_000 } = options;
  const verified = createVerifiedTokens(maxRemembered);
  const { issuer, audience, jwksUrl, cache } = options;
  const rules = { issuer, audience, algorithms, clockTolerance: clockToleranceSeconds, requiredClaims: ['exp', 'sub'] };
  let keys: Promise<JWTVerifyGetKey> | undefined;

  return async (authorization) => {
    const token = bearerToken(authorization);
    const nowMs = now().epochMilliseconds;
    const remembered = verified.find(token, nowMs);
    if (remembered !== undefined) return remembered;

    keys ??= openSigningKeys({ jwksUrl, cache, maxAgeMs: keyMaxAgeMs, cooldownMs: keyCooldownMs });
    const { payload, protectedHeader } = await verify(token, await keys, { ...rules, currentDate: new Date(nowMs) });
    if (!types.has(protectedHeader.typ?.toLowerCase() ?? '')) throw unauthenticated('wrong-claims');
    const caller = callerOf(payload);
    if (caller === undefined) throw unauthenticated('wrong-claims');
    if (lacksSession(caller)) throw unauthenticated('no-session');
    verified.remember(token, caller, Math.min(expiryMs(payload.exp), nowMs + keyMaxAgeMs));
    return caller;
  };
}

function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined || authorization === '') throw unauthenticated('missing');
  if (authorization.length > maxTokenLength) throw unauthenticated('malformed');
  const token = /^Bearer +([\w~+/.=-]+) *$/i.exec(authorization)?.[1];
  if (token === undefined) throw unauthenticated('malformed');
  return token;
}

async function verify(token: string, keys: JWTVerifyGetKey, rules: JWTVerifyOptions): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(token, keys, rules);
  } catch (error) {
    throw error instanceof errors.JOSEError ? unauthenticated(reasonOf(error)) : error;
  }
}

function reasonOf(error: errors.JOSEError): RefusalReason {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed) return error.claim === 'nbf' ? 'not-yet-valid' : 'wrong-claims';
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) return 'malformed';
  return 'not-verified';
}

function expiryMs(exp: number | undefined): number {
  return ((exp ?? 0) + clockToleranceSeconds) * 1000;
}
