import type * as z from 'zod';

import type { SynchronisationRequested } from '../../schemas/events/jobs.v1.ts';
import { bringInStep } from '../../shared/db/due-results.ts';
import { announceStaleRows } from '../../shared/db/stale-rows.ts';
import type { EventContext } from '../../shared/runtime/function.ts';
import type { Deps } from './deps.ts';
import type { JobWork } from './run-job.ts';

/** As many as the next minute has time for. */
const STALE_ROWS = 200;
const HELD_REPORTS = 200;
/** Before the lease of the job ends; what is left is for the next one. */
const SETTLING_MS = 30_000;

type Synchronising = Pick<Deps, 'practitioners' | 'redis' | 'now'> & {
  readonly contexts: Pick<Deps['contexts'], 'laboratory'>;
};
type Synchronise = (deps: Synchronising, context: EventContext) => Promise<void>;

const synchronising: Readonly<Record<z.infer<typeof SynchronisationRequested.data>['scope'], Synchronise>> = {
  availability: deriveAvailability,
  results: decideOnHeldResults,
};

/** Brings in step what one store derives from another. */
export function synchronise(deps: Synchronising): JobWork<typeof SynchronisationRequested> {
  return async ({ scope }, context) => {
    await synchronising[scope](deps, context);
    return { state: 'done' };
  };
}

/** While Redis does not answer there is nobody to bring it to. */
async function deriveAvailability(
  { practitioners, redis, now }: Synchronising,
  { log, traceparent }: EventContext,
): Promise<void> {
  await redis.ping();
  const told = await announceStaleRows(practitioners, STALE_ROWS, { now: now(), traceparent });
  log.info({ practitioners: told }, 'availability is derived anew');
}

/** By what their patients prefer by now. */
async function decideOnHeldResults(
  { contexts, now }: Synchronising,
  { log, traceparent }: EventContext,
): Promise<void> {
  const during = { now: now(), traceparent, signal: AbortSignal.timeout(SETTLING_MS) };
  const reports = await bringInStep(contexts.laboratory, during, HELD_REPORTS);
  log.info({ reports }, 'results that are held are decided on anew');
}
