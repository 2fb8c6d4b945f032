import type { Redis } from 'ioredis';

import { type Database, ping } from '../../shared/db/client.ts';
import { mustHaveSomebody } from '../../shared/db/critical-alerts.ts';
import type { EventLog } from '../../shared/events/event-log.ts';
import type { HealthChecks } from './check-health.ts';

export type Dependencies = {
  /** By context. */
  readonly databases: Readonly<Record<string, Database>> & { readonly laboratory: Database };
  readonly redis: Redis;
  readonly eventLog: EventLog;
  /** Services that are reached over HTTP, by name; without a URL there is nothing to ask. */
  readonly services: Readonly<Record<string, string | undefined>>;
};

/** Asking for the position of any group makes the log look up its topic. */
const PROBE = { group: 'cron-health', topics: ['platform-events'] } as const;
const ANSWER_MS = 3_000;

/** How each dependency of the platform is asked whether it answers, by the name that its events carry. */
export function healthChecks({ databases, redis, eventLog, services }: Dependencies): HealthChecks {
  const postgres = Object.entries(databases).map(([context, db]) => [`postgresql-${context}`, () => ping(db)] as const);
  const http = Object.entries(services).flatMap(([name, url]) =>
    url === undefined ? [] : [[name, () => reach(url)] as const],
  );
  return {
    ...Object.fromEntries([...postgres, ...http]),
    redis: () => redis.ping(),
    'duty-clinician': () => mustHaveSomebody(databases.laboratory),
    'event-log': () => eventLog.lag(PROBE.group, PROBE.topics),
  };
}

/** Resolves when somebody answers at the URL, whatever they say short of a fault of their own. */
async function reach(url: string): Promise<void> {
  const { status, body } = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS), redirect: 'manual' });
  await body?.cancel();
  if (status >= 500) throw new Error(`status ${status}`);
}
