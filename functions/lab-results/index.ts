import { readConfig } from '../../shared/runtime/config.ts';
import type { OpenFunction } from '../../shared/runtime/function.ts';
import { admissionOf } from '../admission.ts';
import { findAnswer } from './commit.ts';
import { settings } from './config.ts';
import { openConnections } from './connections.ts';
import { routesOf } from './routes.ts';
import { subscriptionsOf } from './subscriptions.ts';

export const open: OpenFunction = async (environment, log) => {
  const config = readConfig(environment, settings);
  const { redis, dependencies, close, ...lent } = openConnections(config, log);
  // No finer than anybody keeps it, so that a time reads the same wherever it is told.
  const now = () => Temporal.Instant.fromEpochMilliseconds(Date.now());
  const deps = { ...lent, now, processingIds: new Set(config.PROCESSING_IDS.split(',')) };
  return {
    name: 'lab-results',
    routes: routesOf(deps),
    subscriptions: subscriptionsOf(deps),
    ...admissionOf(config, redis, deps.patients),
    findAnswer: (claim) => findAnswer(deps.db, claim),
    dependencies,
    close,
  };
};
