import { randomUUID } from 'node:crypto';

import { and, eq, sql } from 'drizzle-orm';

import { AppError } from '../errors.ts';
import type { Queryable } from './client.ts';
import { deleteBatch } from './delete-batch.ts';
import { jobRuns, type JobState } from './schema/worker.ts';

/** One job, however often its event comes. */
export type JobKey = { readonly type: string; readonly idempotencyKey: string };

export type Job = JobKey & { readonly patientId: string | undefined; readonly deadline: Temporal.Instant };

/** `holder` tells this claim from a later one. */
export type JobClaim = JobKey & {
  readonly holder: string;
  readonly attempts: number;
  readonly mayRepeat: boolean;
};

/** What came of an attempt, as it is kept. */
export type JobEnd = {
  readonly state: Exclude<JobState, 'running'>;
  readonly reason?: string | undefined;
  readonly providerMessageId?: string | undefined;
};

type Lease = { readonly now: Temporal.Instant; readonly leaseSeconds: number };

/**
 * Takes a job up, so that nobody else does it meanwhile; one that was given up for good, and is asked for again, begins to
 * count its attempts anew. Throws `in-progress` while another has it.
 * @returns undefined where it is over.
 */
export async function claimJob(db: Queryable, job: Job, { now, leaseSeconds }: Lease): Promise<JobClaim | undefined> {
  const taken = { holder: randomUUID(), leaseUntil: now.add({ seconds: leaseSeconds }), deadline: job.deadline };
  const { patientId = null } = job;
  const [claim] = await db
    .insert(jobRuns)
    .values({ ...job, ...taken, patientId, state: 'running', attempts: 1, createdAt: now })
    .onConflictDoUpdate({
      target: [jobRuns.type, jobRuns.idempotencyKey],
      set: {
        ...taken,
        state: 'running',
        attempts: sql`CASE WHEN ${jobRuns.state} IN ('refused', 'expired') THEN 1 ELSE ${jobRuns.attempts} + 1 END`,
        mayRepeat: sql`${jobRuns.mayRepeat} OR ${jobRuns.state} = 'running'`,
        endedAt: null,
      },
      setWhere: isFree(now),
    })
    .returning({ holder: jobRuns.holder, attempts: jobRuns.attempts, mayRepeat: jobRuns.mayRepeat });
  if (claim) return { type: job.type, idempotencyKey: job.idempotencyKey, ...claim };
  await mustBeOver(db, job);
  return undefined;
}

/** Keeps what came of a claim, unless it ran out and another took the job up. */
export async function recordJob(
  db: Queryable,
  { type, idempotencyKey, holder }: JobClaim,
  { state, reason = '', providerMessageId }: JobEnd,
  now: Temporal.Instant,
): Promise<void> {
  await db
    .update(jobRuns)
    .set({
      state,
      reason: reason === '' ? null : reason,
      leaseUntil: null,
      endedAt: now,
      ...(providerMessageId !== undefined && { providerMessageId }),
    })
    .where(and(isJob({ type, idempotencyKey }), eq(jobRuns.holder, holder), eq(jobRuns.state, 'running')));
}

/**
 * Keeps that a job came too late to be done, unless it is done already or somebody is at it. @returns whether it was too
 * late for it.
 */
export async function expireJob(db: Queryable, job: Job, now: Temporal.Instant): Promise<boolean> {
  const expired = { state: 'expired', reason: 'deadline-passed', leaseUntil: null, endedAt: now } as const;
  const { patientId = null } = job;
  await db
    .insert(jobRuns)
    .values({ ...job, ...expired, patientId, attempts: 0, holder: randomUUID(), createdAt: now })
    .onConflictDoUpdate({
      target: [jobRuns.type, jobRuns.idempotencyKey],
      set: expired,
      setWhere: isFree(now),
    });
  const state = await findJobState(db, job);
  if (state === 'running') throw underWay();
  return state === 'expired';
}

export async function findJobState(db: Queryable, key: JobKey): Promise<JobState | undefined> {
  const [run] = await db.select({ state: jobRuns.state }).from(jobRuns).where(isJob(key));
  return run?.state;
}

/** Drops a batch of the jobs first asked for before `before`. Resolves to how many there were. */
export async function forgetJobRuns(db: Queryable, before: Temporal.Instant): Promise<number> {
  return deleteBatch(db, jobRuns, sql`${jobRuns.createdAt} < ${before.toString()}`);
}

/** Neither over nor with someone else whose lease still runs. */
function isFree(now: Temporal.Instant) {
  return sql`${jobRuns.state} IN ('failed', 'refused', 'expired')
    OR ${jobRuns.state} = 'running' AND ${jobRuns.leaseUntil} <= ${now.toString()}`;
}

async function mustBeOver(db: Queryable, key: JobKey): Promise<void> {
  const state = await findJobState(db, key);
  if (state !== undefined && ['running', 'failed', 'refused', 'expired'].includes(state)) throw underWay();
}

function isJob({ type, idempotencyKey }: JobKey) {
  return and(eq(jobRuns.type, type), eq(jobRuns.idempotencyKey, idempotencyKey));
}

function underWay(): AppError {
  return new AppError('in-progress', 'The same job is still under way.');
}
