import { savedAnswers } from '../../shared/db/idempotency-keys.ts';
import { patientIdempotencyKeys } from '../../shared/db/schema/account.ts';
import { readConfig } from '../../shared/runtime/config.ts';
import type { OpenFunction } from '../../shared/runtime/function.ts';
import { admissionOf } from '../admission.ts';
import { openSeals } from '../seals.ts';
import { settings } from './config.ts';
import { openConnections } from './connections.ts';
import { routesOf } from './routes.ts';
import { subscriptionsOf } from './subscriptions.ts';

export const open: OpenFunction = async (environment, log) => {
  const config = readConfig(environment, settings);
  const { db, redis, publish, dependencies, close } = openConnections(config, log);
  // No finer than anybody keeps it, so that a time reads the same wherever it is told.
  const now = () => Temporal.Instant.fromEpochMilliseconds(Date.now());
  const deps = { db, seals: openSeals(config.SUBJECT_KEYS_SECRET), publish, now };
  const { find } = savedAnswers(patientIdempotencyKeys);
  return {
    name: 'customer',
    routes: routesOf(deps),
    subscriptions: subscriptionsOf(deps),
    ...admissionOf(config, redis, db),
    findAnswer: (claim) => find(db, claim),
    dependencies,
    close,
  };
};
