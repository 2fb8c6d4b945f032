import { MinuteTicked } from '../../schemas/events/platform.v1.ts';
import { appendTo } from '../../shared/events/append.ts';
import { readConfig } from '../../shared/runtime/config.ts';
import type { OpenFunction } from '../../shared/runtime/function.ts';
import { subscribe } from '../../shared/runtime/route.ts';
import { servicesOf, settings } from './config.ts';
import { openConnections } from './connections.ts';
import { healthChecks } from './health-checks.ts';
import { lanesOf } from './lanes.ts';
import { readMetrics } from './metrics.ts';
import { minuteLimits, runTick } from './run-tick.ts';

export const open: OpenFunction = async (environment, log) => {
  const config = readConfig(environment, settings);
  const { contexts, databases, redis, eventLog, close } = openConnections(config, log);
  const checks = healthChecks({ databases, redis, eventLog, services: servicesOf(config) });
  const lanes = lanesOf(contexts.of, appendTo(eventLog), checks);
  const deps = { db: contexts.of.cron, lanes, now: () => Temporal.Now.instant(), limits: minuteLimits };
  return {
    name: 'cron',
    routes: [],
    subscriptions: [subscribe(MinuteTicked, runTick(deps))],
    // The others may be away: what does not need them is done all the same.
    dependencies: { cron: contexts.pings.cron },
    metrics: readMetrics(contexts.of, deps.now),
    close,
  };
};
