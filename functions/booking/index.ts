import { createGroupInsert } from '../../shared/db/group-insert.ts';
import { findAnswer } from '../../shared/db/idempotency-keys.ts';
import { createBitmaps } from '../../shared/redis/availability-bitmaps.ts';
import { createRefusals } from '../../shared/redis/refusals.ts';
import { readConfig } from '../../shared/runtime/config.ts';
import type { OpenFunction } from '../../shared/runtime/function.ts';
import { admissionOf } from '../admission.ts';
import { settings } from './config.ts';
import { openConnections } from './connections.ts';
import { createLookups } from './lookups.ts';
import { routesOf } from './routes.ts';
import { createSlotHints } from './slot-hints.ts';

export const open: OpenFunction = async (environment, log) => {
  const config = readConfig(environment, settings);
  const { db, practitioners, patients, redis, publish, dependencies, close } = openConnections(config, log);
  // No finer than anybody keeps it, so that a time reads the same wherever it is told.
  const now = () => Temporal.Instant.fromEpochMilliseconds(Date.now());
  const { GRIDS: gridOf, AVAILABILITY_DAYS: days, LOOKUP_KEEP_MS: keepMs, HOLD_MINUTES: holdMinutes } = config;
  const deps = {
    db,
    insertAtOnce: createGroupInsert(db),
    lookups: createLookups({ practitioners, patients, gridOf, now, keepMs }),
    hints: createSlotHints(createBitmaps(redis, { gridOf, days }), createRefusals(redis)),
    publish,
    now,
    holdMinutes,
  };
  return {
    name: 'booking',
    routes: routesOf(deps),
    subscriptions: [],
    ...admissionOf(config, redis, patients),
    findAnswer: (claim) => findAnswer(db, claim),
    dependencies,
    close,
  };
};
