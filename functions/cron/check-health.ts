import { setTimeout as delay } from 'node:timers/promises';

import type { Database } from '../../shared/db/client.ts';
import { type Health, saveHealth } from '../../shared/db/dependency-health.ts';
import type { Task } from './task.ts';

/** By dependency: resolves when it answers. */
export type HealthChecks = Readonly<Record<string, () => Promise<unknown>>>;

/** Asks every dependency whether it answers, and tells of those that have gone or come back. */
export function checkHealth(db: Database, checks: HealthChecks, timeoutMs: number): Task {
  return {
    name: 'check-health',
    every: 'minute',
    async run({ now, traceparent, log }) {
      const observed = await observe(checks, timeoutMs);
      const changed = await saveHealth(db, observed, { now, traceparent });
      for (const { dependency, healthy } of changed) {
        log.warn({ dependency, healthy }, healthy ? 'a dependency is back' : 'a dependency is gone');
      }
      return observed.length;
    },
  };
}

async function observe(checks: HealthChecks, timeoutMs: number): Promise<Health[]> {
  return Promise.all(
    Object.entries(checks).map(async ([dependency, check]) => ({
      dependency,
      healthy: await answersWithin(check, timeoutMs),
    })),
  );
}

async function answersWithin(check: () => Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const answers = check().then(
    () => true,
    () => false,
  );
  return Promise.race([answers, delay(timeoutMs, false, { ref: false })]);
}
