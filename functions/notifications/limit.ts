import { type ConnectionLog, connectRedis } from '../../shared/redis/client.ts';
import { createRateLimit, type LimitRate } from '../../shared/redis/rate-limit.ts';

type Config = {
  readonly REDIS_URL: string | undefined;
  readonly RATE_LIMIT_SUBJECT: number;
  readonly RATE_LIMIT_ADDRESS: number;
};

type OpenedLimit = { readonly limit?: LimitRate; readonly closeLimit: () => void };

/** The limit on requests over HTTP; none where there is no Redis to count in. */
export async function openLimit(config: Config, log: ConnectionLog): Promise<OpenedLimit> {
  if (config.REDIS_URL === undefined) return { closeLimit: () => undefined };
  const redis = await connectRedis(config.REDIS_URL, { log });
  const limits = { perSubject: config.RATE_LIMIT_SUBJECT, perAddress: config.RATE_LIMIT_ADDRESS };
  return { limit: createRateLimit(redis, limits), closeLimit: () => redis.disconnect() };
}
