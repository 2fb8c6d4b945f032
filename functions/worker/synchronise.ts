import type { SynchronisationRequested } from '../../schemas/events/jobs.v1.ts';
import { announceStaleRows } from '../../shared/db/stale-rows.ts';
import type { Deps } from './deps.ts';
import type { JobWork } from './run-job.ts';

/** As many as the next minute has time for. */
const STALE_ROWS = 200;

/** Brings in step what one store derives from another; while that does not answer there is nobody to bring it to. */
export function synchronise({
  practitioners,
  redis,
  now,
}: Pick<Deps, 'practitioners' | 'redis' | 'now'>): JobWork<typeof SynchronisationRequested> {
  return async (_, { log, traceparent }) => {
    await redis.ping();
    const told = await announceStaleRows(practitioners, STALE_ROWS, { now: now(), traceparent });
    log.info({ practitioners: told }, 'availability is derived anew');
    return { state: 'done' };
  };
}
