import * as api from '../../schemas/api/availability.ts';
import { connectDatabase, ping } from '../../shared/db/client.ts';
import { createOutboxRelay } from '../../shared/db/outbox-relay.ts';
import { practitionerOutbox } from '../../shared/db/schema/practitioner.ts';
import { appendTo } from '../../shared/events/append.ts';
import { openEventLog } from '../../shared/events/open-event-log.ts';
import { createPublisher } from '../../shared/events/publisher.ts';
import { createTokenVerifier } from '../../shared/identity/verify-token.ts';
import { createBitmaps } from '../../shared/redis/availability-bitmaps.ts';
import { openRedis } from '../../shared/redis/client.ts';
import { createKeyCache } from '../../shared/redis/key-cache.ts';
import { createRateLimit } from '../../shared/redis/rate-limit.ts';
import { readConfig } from '../../shared/runtime/config.ts';
import type { OpenFunction } from '../../shared/runtime/function.ts';
import { route } from '../../shared/runtime/route.ts';
import { settings } from './config.ts';
import type { Deps } from './deps.ts';
import { getAvailability } from './get-availability.ts';
import { listAvailability } from './list-availability.ts';
import { subscriptionsOf } from './subscriptions.ts';

export const open: OpenFunction = async (environment, log) => {
  const config = readConfig(environment, settings);
  const name = 'availability';
  const applicationName = `careflow-${name}`;
  const db = connectDatabase(config.DATABASE_URL_PRACTITIONER, { applicationName });
  const redis = openRedis(config.REDIS_URL, { log });
  const eventLog = openEventLog(config.EVENT_LOG_URL, { clientId: applicationName, log });
  const publisher = createPublisher(createOutboxRelay(db, practitionerOutbox, appendTo(eventLog)).sendAll, log);
  const bitmapOf = createBitmaps(redis, { gridOf: config.GRIDS, days: config.AVAILABILITY_DAYS });
  const deps: Deps = {
    db,
    bitmapOf,
    gridOf: config.GRIDS,
    publish: publisher.publish,
    now: () => Temporal.Now.instant(),
  };
  return {
    name,
    routes: [route(api.getAvailability, getAvailability(deps)), route(api.listAvailability, listAvailability(deps))],
    subscriptions: subscriptionsOf(deps),
    authenticate: createTokenVerifier({
      issuer: config.OIDC_ISSUER,
      audience: config.OIDC_AUDIENCE,
      jwksUrl: config.OIDC_JWKS_URL,
      cache: createKeyCache(redis, 'identity'),
    }),
    limit: createRateLimit(redis, { perSubject: config.RATE_LIMIT_SUBJECT, perAddress: config.RATE_LIMIT_ADDRESS }),
    dependencies: { practitioner: () => ping(db) },
    close: async () => {
      await publisher.drain();
      await Promise.all([db.$client.end(), eventLog.close()]);
      redis.disconnect();
    },
  };
};
