import { connectDatabase, ping } from '../../shared/db/client.ts';
import { createGroupInsert } from '../../shared/db/group-insert.ts';
import { findAnswer } from '../../shared/db/idempotency-keys.ts';
import { createOutboxRelay } from '../../shared/db/outbox-relay.ts';
import { bookingOutbox } from '../../shared/db/schema/booking.ts';
import { appendTo } from '../../shared/events/append.ts';
import { openEventLog } from '../../shared/events/open-event-log.ts';
import { createPublisher } from '../../shared/events/publisher.ts';
import { createTokenVerifier } from '../../shared/identity/verify-token.ts';
import { createBitmaps } from '../../shared/redis/availability-bitmaps.ts';
import { openRedis } from '../../shared/redis/client.ts';
import { createKeyCache } from '../../shared/redis/key-cache.ts';
import { createRateLimit } from '../../shared/redis/rate-limit.ts';
import { createRefusals } from '../../shared/redis/refusals.ts';
import { readConfig } from '../../shared/runtime/config.ts';
import type { OpenFunction } from '../../shared/runtime/function.ts';
import { settings } from './config.ts';
import type { Deps } from './deps.ts';
import { createLookups } from './lookups.ts';
import { routesOf } from './routes.ts';
import { createSlotHints } from './slot-hints.ts';

export const open: OpenFunction = async (environment, log) => {
  const config = readConfig(environment, settings);
  const applicationName = 'careflow-booking';
  const db = connectDatabase(config.DATABASE_URL_BOOKING, { applicationName });
  const practitioners = connectDatabase(config.DATABASE_URL_PRACTITIONER_READER, { applicationName });
  const patients = connectDatabase(config.DATABASE_URL_PATIENT_READER, { applicationName });
  const redis = openRedis(config.REDIS_URL, { log });
  const eventLog = openEventLog(config.EVENT_LOG_URL, { clientId: applicationName, log });
  const publisher = createPublisher(createOutboxRelay(db, bookingOutbox, appendTo(eventLog)).sendAll, log);
  // No finer than anybody keeps it, so that a time reads the same wherever it is told.
  const now = () => Temporal.Instant.fromEpochMilliseconds(Date.now());
  const sources = { practitioners, patients, gridOf: config.GRIDS, now, keepMs: config.LOOKUP_KEEP_MS };
  const deps: Deps = {
    db,
    insertAtOnce: createGroupInsert(db),
    lookups: createLookups(sources),
    hints: createSlotHints(
      createBitmaps(redis, { gridOf: config.GRIDS, days: config.AVAILABILITY_DAYS }),
      createRefusals(redis),
    ),
    publish: publisher.publish,
    now,
    holdMinutes: config.HOLD_MINUTES,
  };
  return {
    name: 'booking',
    routes: routesOf(deps),
    subscriptions: [],
    authenticate: createTokenVerifier({
      issuer: config.OIDC_ISSUER,
      audience: config.OIDC_AUDIENCE,
      jwksUrl: config.OIDC_JWKS_URL,
      cache: createKeyCache(redis, 'identity'),
    }),
    findAnswer: (claim) => findAnswer(db, claim),
    limit: createRateLimit(redis, { perSubject: config.RATE_LIMIT_SUBJECT, perAddress: config.RATE_LIMIT_ADDRESS }),
    dependencies: {
      booking: () => ping(db),
      practitioner: () => ping(practitioners),
      patient: () => ping(patients),
    },
    close: async () => {
      await publisher.drain();
      await Promise.all([db.$client.end(), practitioners.$client.end(), patients.$client.end(), eventLog.close()]);
      redis.disconnect();
    },
  };
};
