import * as api from '../../schemas/api/booking.ts';
import { prepareInsertBooking } from '../../shared/db/bookings.ts';
import { connectDatabase, ping } from '../../shared/db/client.ts';
import { findAnswer } from '../../shared/db/idempotency-keys.ts';
import { sendUnsent } from '../../shared/db/outbox.ts';
import { bookingOutbox } from '../../shared/db/schema/booking.ts';
import { appendTo } from '../../shared/events/append.ts';
import { openEventLog } from '../../shared/events/open-event-log.ts';
import { createPublisher } from '../../shared/events/publisher.ts';
import { createTokenVerifier } from '../../shared/identity/verify-token.ts';
import { createBitmaps } from '../../shared/redis/availability-bitmaps.ts';
import { connectRedis } from '../../shared/redis/client.ts';
import { createKeyCache } from '../../shared/redis/key-cache.ts';
import { createRateLimit } from '../../shared/redis/rate-limit.ts';
import { createRefusals } from '../../shared/redis/refusals.ts';
import { readConfig } from '../../shared/runtime/config.ts';
import type { OpenFunction } from '../../shared/runtime/function.ts';
import { route } from '../../shared/runtime/route.ts';
import { cancelBooking } from './cancel-booking.ts';
import { settings } from './config.ts';
import { createBooking } from './create-booking.ts';
import type { Deps } from './deps.ts';
import { getBooking } from './get-booking.ts';
import { holdSlot } from './hold-slot.ts';
import { listBookings } from './list-bookings.ts';
import { createLookups } from './lookups.ts';
import { releaseHold } from './release-hold.ts';
import { rescheduleBooking } from './reschedule-booking.ts';
import { createSlotHints } from './slot-hints.ts';

export const open: OpenFunction = async (environment, log) => {
  const config = readConfig(environment, settings);
  const applicationName = 'careflow-booking';
  const db = connectDatabase(config.DATABASE_URL_BOOKING, { applicationName });
  const practitioners = connectDatabase(config.DATABASE_URL_PRACTITIONER_READER, { applicationName });
  const patients = connectDatabase(config.DATABASE_URL_PATIENT_READER, { applicationName });
  const redis = await connectRedis(config.REDIS_URL, { log });
  const eventLog = openEventLog(config.EVENT_LOG_URL, { clientId: applicationName, log });
  const append = appendTo(eventLog);
  const publisher = createPublisher((keys) => sendUnsent(db, bookingOutbox, append, { keys, limit: 500 }), log);
  const now = () => Temporal.Now.instant();
  const sources = { practitioners, patients, gridOf: config.GRIDS, now, keepMs: config.LOOKUP_KEEP_MS };
  const deps: Deps = {
    db,
    insertBooking: prepareInsertBooking(db),
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
    routes: [
      route(api.createBooking, createBooking(deps)),
      route(api.getBooking, getBooking(deps)),
      route(api.listBookings, listBookings(deps)),
      route(api.cancelBooking, cancelBooking(deps)),
      route(api.rescheduleBooking, rescheduleBooking(deps)),
      route(api.holdSlot, holdSlot(deps)),
      route(api.releaseHold, releaseHold(deps)),
    ],
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
