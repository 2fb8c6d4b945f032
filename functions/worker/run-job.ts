import type * as z from 'zod';

import type { EventContract } from '../../schemas/events/contract.ts';
import type { JobPolicy } from '../../schemas/events/jobs.v1.ts';
import type { Database } from '../../shared/db/client.ts';
import { claimJob, expireJob, type Job, type JobEnd, recordJob } from '../../shared/db/job-runs.ts';
import { AppError } from '../../shared/errors.ts';
import type { EventContext, EventHandler } from '../../shared/runtime/function.ts';

type JobData = { readonly idempotencyKey: string; readonly deadline: string; readonly patientId?: string };
type JobContract = EventContract<string, z.ZodType<JobData>> & { readonly policy: JobPolicy };

/** Does the work of a job. Throws AppError: its code decides whether the job is tried again. */
export type JobWork<Contract extends JobContract> = (
  data: z.infer<Contract['data']>,
  context: EventContext & { readonly mayRepeat: boolean },
) => Promise<JobEnd>;

/** Told of a job that came too late to be done. */
type Lapsed<Contract extends JobContract> = (data: z.infer<Contract['data']>) => Promise<void>;

type Deps = { readonly db: Database; readonly now: () => Temporal.Instant };

/**
 * Does a job once: claim, work, record. What a later attempt may cure is tried again by redelivery as often as the job's
 * policy says; what it cannot, and what is past its deadline, is kept with its reason and goes to the dead letters.
 */
export function runJob<Contract extends JobContract>(
  { db, now }: Deps,
  contract: Contract,
  work: JobWork<Contract>,
  lapsed: Lapsed<Contract> = async () => undefined,
): EventHandler<Contract> {
  const { type, policy } = contract;
  return async ({ data }, { log, traceparent }) => {
    const job = jobOf(type, data);
    if (Temporal.Instant.compare(now(), job.deadline) >= 0) {
      return mustNotBeLate(db, job, now(), () => lapsed(data));
    }
    const claim = await claimJob(db, job, { now: now(), leaseSeconds: policy.leaseSeconds });
    if (!claim) return;
    const { mayRepeat, attempts } = claim;
    if (mayRepeat) log.warn({ jobType: type }, 'doing again what may have been done before a crash');
    const { error, ...end } = await attempt(
      () => work(data, { log, traceparent, mayRepeat }),
      attempts < policy.attempts,
    );
    await recordJob(db, claim, end, now());
    if (error !== undefined) throw error;
  };
}

function jobOf(type: string, { idempotencyKey, deadline, patientId }: JobData): Job {
  return { type, idempotencyKey, patientId: patientId?.toLowerCase(), deadline: Temporal.Instant.from(deadline) };
}

async function mustNotBeLate(
  db: Database,
  job: Job,
  now: Temporal.Instant,
  lapsed: () => Promise<void>,
): Promise<void> {
  if (!(await expireJob(db, job, now))) return;
  await lapsed();
  throw new AppError('unprocessable', 'The job is past its deadline.');
}

type Attempt = JobEnd & { readonly error?: unknown };

/** An error is thrown again when what came of the job is kept. */
async function attempt(work: () => Promise<JobEnd>, mayTryAgain: boolean): Promise<Attempt> {
  try {
    return await work();
  } catch (error) {
    const reason = reasonOf(error);
    if (isFinal(error)) return { state: 'refused', reason, error };
    if (mayTryAgain) return { state: 'failed', reason, error };
    return {
      state: 'refused',
      reason,
      error: new AppError('unprocessable', 'The job failed too often.', {}, { cause: error }),
    };
  }
}

/** Anything not said on purpose is a bug, which a later version of this may not have. */
function isFinal(error: unknown): boolean {
  return error instanceof AppError && !['unavailable', 'rate-limited', 'in-progress'].includes(error.code);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof AppError)) return 'unexpected';
  const { reason } = error.details;
  return typeof reason === 'string' ? reason : error.code;
}
