import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose';
import { createRemoteJWKSet, customFetch, jwksCache } from 'jose';

import { AppError } from '../errors.ts';

/** What outlives the process, such as Redis. It is a hint: whatever goes wrong in it is taken for a miss. */
export type KeyCache = {
  get(key: string): Promise<string | null | undefined>;
  set(key: string, value: string, ttlSeconds: number): Promise<unknown>;
};

export type SigningKeyOptions = {
  readonly jwksUrl: string;
  readonly cache?: KeyCache | undefined;
  /** Keys this old are fetched again: as long may a withdrawn key be accepted. */
  readonly maxAgeMs: number;
  /** A key id nobody knows makes the keys be fetched again, at most so often. */
  readonly cooldownMs: number;
};

type FetchedKeys = { readonly jwks: JSONWebKeySet; readonly fetchedAtMs: number };

/** Keys known are used so long while the provider cannot be reached. */
const outlastsProviderMs = 24 * 60 * 60 * 1000;
const providerTimeoutMs = 3000;
const cacheTimeoutMs = 300;

/**
 * The provider's signing keys, by key id: kept in the process, and in the cache for processes to come. While the
 * provider is down the last keys known serve; without any it throws `unavailable`.
 */
export async function openSigningKeys({
  jwksUrl,
  cache,
  maxAgeMs,
  cooldownMs,
}: SigningKeyOptions): Promise<JWTVerifyGetKey> {
  const cacheKey = `identity:jwks:${jwksUrl}`;
  let known = parseKeys(await cached(cache, cacheKey));

  const fetchKeys = async (url: string, init: RequestInit): Promise<Response> => {
    const jwks = await fetchJwks(url, init);
    if (jwks !== undefined) {
      known = { jwks, fetchedAtMs: Date.now() };
      void keep(cache, cacheKey, known);
    } else if (known === undefined || known.fetchedAtMs + outlastsProviderMs < Date.now()) {
      throw new AppError('unavailable', 'Access tokens cannot be checked at the moment.', { dependency: 'identity' });
    }
    return Response.json(known.jwks);
  };

  return createRemoteJWKSet(new URL(jwksUrl), {
    [customFetch]: fetchKeys,
    [jwksCache]: known === undefined ? {} : { jwks: known.jwks, uat: known.fetchedAtMs },
    cacheMaxAge: maxAgeMs,
    cooldownDuration: cooldownMs,
    timeoutDuration: providerTimeoutMs,
  });
}

async function fetchJwks(url: string, init: RequestInit): Promise<JSONWebKeySet | undefined> {
  try {
    const response = await fetch(url, init);
    const body: unknown = response.ok ? await response.json() : undefined;
    return isKeySet(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

async function cached(cache: KeyCache | undefined, key: string): Promise<string | undefined> {
  if (cache === undefined) return undefined;
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(late.resolve, cacheTimeoutMs, undefined);
  const value = await Promise.race([cache.get(key).catch(() => undefined), late.promise]);
  clearTimeout(timer);
  return value ?? undefined;
}

async function keep(cache: KeyCache | undefined, key: string, keys: FetchedKeys): Promise<void> {
  await cache?.set(key, JSON.stringify(keys), outlastsProviderMs / 1000).catch(() => undefined);
}

function parseKeys(text: string | undefined): FetchedKeys | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isFetchedKeys(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isFetchedKeys(value: unknown): value is FetchedKeys {
  return isObject(value) && isKeySet(value['jwks']) && typeof value['fetchedAtMs'] === 'number';
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  return isObject(value) && Array.isArray(value['keys']) && value['keys'].every(isObject);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
