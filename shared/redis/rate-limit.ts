import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

import { type Caller, hasRole } from '../domain/caller.ts';
import { AppError } from '../errors.ts';

export type RateLimits = {
  /** Requests a minute of one subject. */
  readonly perSubject: number;
  /** Requests a minute from one address, whoever asks. */
  readonly perAddress: number;
};

/** Counts a request; resolves to the `RateLimit-*` headers (IETF draft), or throws `rate-limited`. */
export type LimitRate = (caller: Caller | undefined, address: string) => Promise<Readonly<Record<string, string>>>;

const WINDOW_SECONDS = 60;

/**
 * Limits requests per subject and per address over all instances. The platform's own systems are not limited. While
 * Redis does not answer each instance counts for itself.
 */
export function createRateLimit(redis: Redis, { perSubject, perAddress }: RateLimits): LimitRate {
  const subjects = limiter(redis, 'subject', perSubject);
  const addresses = limiter(redis, 'address', perAddress);
  return async (caller, address) => {
    if (caller && hasRole(caller, 'system', 'admin')) return {};
    const [ofAddress, ofSubject] = await Promise.all([
      take(addresses, address),
      caller ? take(subjects, caller.subject) : undefined,
    ]);
    return ofSubject ? headersOf(perSubject, ofSubject) : headersOf(perAddress, ofAddress);
  };
}

function limiter(redis: Redis, name: string, points: number): RateLimiterRedis {
  return new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: `rate:${name}`,
    points,
    duration: WINDOW_SECONDS,
    // A key over its limit is refused from memory until its window ends.
    inMemoryBlockOnConsumed: points + 1,
    insuranceLimiter: new RateLimiterMemory({ points, duration: WINDOW_SECONDS }),
  });
}

async function take(limiter: RateLimiterRedis, key: string): Promise<RateLimiterRes> {
  try {
    return await limiter.consume(key);
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    const retryAfterSeconds = Math.ceil(error.msBeforeNext / 1000);
    throw new AppError('rate-limited', 'Too many requests.', { retryAfterSeconds });
  }
}

function headersOf(limit: number, { remainingPoints, msBeforeNext }: RateLimiterRes): Readonly<Record<string, string>> {
  return {
    'ratelimit-limit': `${limit}`,
    'ratelimit-remaining': `${Math.max(0, remainingPoints)}`,
    'ratelimit-reset': `${Math.ceil(msBeforeNext / 1000)}`,
  };
}
