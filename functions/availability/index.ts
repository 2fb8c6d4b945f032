import { createBitmaps } from '../../shared/redis/availability-bitmaps.ts';
import { readConfig } from '../../shared/runtime/config.ts';
import type { OpenFunction } from '../../shared/runtime/function.ts';
import { admissionOf } from '../admission.ts';
import { settings } from './config.ts';
import { openConnections } from './connections.ts';
import { routesOf } from './routes.ts';
import { subscriptionsOf } from './subscriptions.ts';

export const open: OpenFunction = async (environment, log) => {
  const config = readConfig(environment, settings);
  const { db, patients, redis, publish, dependencies, close } = openConnections(config, log);
  const { GRIDS: gridOf, AVAILABILITY_DAYS: days } = config;
  const bitmapOf = createBitmaps(redis, { gridOf, days });
  const deps = { db, bitmapOf, gridOf, publish, now: () => Temporal.Now.instant() };
  return {
    name: 'availability',
    routes: routesOf(deps),
    subscriptions: subscriptionsOf(deps),
    ...admissionOf(config, redis, patients),
    dependencies,
    close,
  };
};
