import type { SynchronisationRequested } from '../../schemas/events/jobs.v1.ts';
import { announceStaleRows } from '../../shared/db/stale-rows.ts';
import type { Deps } from './deps.ts';
import type { JobWork } from './run-job.ts';

/** As many as the next minute has time for. */
const STALE_ROWS = 200;

/** Brings in step what one store derives from another. */
export function synchronise({ practitioners, now }: Deps): JobWork<typeof SynchronisationRequested> {
  return async (_, { log, traceparent }) => {
    const told = await announceStaleRows(practitioners, STALE_ROWS, { now: now(), traceparent });
    log.info({ practitioners: told }, 'availability is derived anew');
    return { state: 'done' };
  };
}
