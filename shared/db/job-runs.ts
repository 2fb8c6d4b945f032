import { randomUUID } from 'node:crypto';

import { and, eq, type Placeholder, sql } from 'drizzle-orm';

import { AppError } from '../errors.ts';
import type { Queryable } from './client.ts';
import { deleteBatch } from './delete-batch.ts';
import { jobRuns, type JobState } from './schema/worker.ts';
import { statement } from './statement.ts';

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

const claim = statement<Pick<JobClaim, 'attempts' | 'mayRepeat'>>(
  'claim_job',
  sql`INSERT INTO ${jobRuns} AS run (
      type, idempotency_key, patient_id, state, attempts, holder, lease_until, deadline, created_at
    ) VALUES (
      ${sql.placeholder('type')}, ${sql.placeholder('idempotencyKey')}, ${sql.placeholder('patientId')}, 'running', 1,
      ${sql.placeholder('holder')}, ${sql.placeholder('leaseUntil')}, ${sql.placeholder('deadline')},
      ${sql.placeholder('now')}
    )
    ON CONFLICT (type, idempotency_key) DO UPDATE SET
      state = 'running', holder = excluded.holder, lease_until = excluded.lease_until, deadline = excluded.deadline,
      attempts = CASE WHEN run.state IN ('refused', 'expired') THEN 1 ELSE run.attempts + 1 END,
      may_repeat = run.may_repeat OR run.state = 'running', ended_at = NULL
    WHERE ${isFree(sql.placeholder('now'))}
    RETURNING attempts, may_repeat AS "mayRepeat"`,
);

/**
 * Takes a job up, so that nobody else does it meanwhile; one that was given up for good, and is asked for again, begins to
 * count its attempts anew. Throws `in-progress` while another has it.
 * @returns undefined where it is over.
 */
export async function claimJob(db: Queryable, job: Job, { now, leaseSeconds }: Lease): Promise<JobClaim | undefined> {
  const { type, idempotencyKey, patientId = null } = job;
  const holder = randomUUID();
  const times = { now, deadline: job.deadline, leaseUntil: now.add({ seconds: leaseSeconds }) };
  const { rows } = await claim(db, { type, idempotencyKey, patientId, holder, ...textOf(times) });
  if (rows[0]) return { type, idempotencyKey, holder, ...rows[0] };
  await mustBeOver(db, job);
  return undefined;
}

const record = statement(
  'record_job',
  sql`UPDATE ${jobRuns} SET state = ${sql.placeholder('state')}, reason = ${sql.placeholder('reason')},
      provider_message_id = coalesce(${sql.placeholder('providerMessageId')}, provider_message_id),
      lease_until = NULL, ended_at = ${sql.placeholder('now')}
    WHERE type = ${sql.placeholder('type')} AND idempotency_key = ${sql.placeholder('idempotencyKey')}
      AND holder = ${sql.placeholder('holder')} AND state = 'running'`,
);

/** Keeps what came of a claim, unless it ran out and another took the job up. */
export async function recordJob(
  db: Queryable,
  { type, idempotencyKey, holder }: JobClaim,
  { state, reason, providerMessageId }: JobEnd,
  now: Temporal.Instant,
): Promise<void> {
  const ended = { state, reason: reason ?? null, providerMessageId: providerMessageId ?? null };
  await record(db, { type, idempotencyKey, holder, ...ended, ...textOf({ now }) });
}

/**
 * Keeps that a job came too late to be done, unless it is done already or somebody is at it. @returns whether it was too
 * late for it.
 */
export async function expireJob(db: Queryable, job: Job, now: Temporal.Instant): Promise<boolean> {
  const { type, idempotencyKey, patientId = null } = job;
  await db.execute(sql`INSERT INTO ${jobRuns} AS run (
      type, idempotency_key, patient_id, state, reason, attempts, holder, deadline, created_at, ended_at
    ) VALUES (
      ${type}, ${idempotencyKey}, ${patientId}, 'expired', 'deadline-passed', 0, ${randomUUID()},
      ${job.deadline.toString()}, ${now.toString()}, ${now.toString()}
    )
    ON CONFLICT (type, idempotency_key) DO UPDATE SET
      state = 'expired', reason = excluded.reason, lease_until = NULL, ended_at = excluded.ended_at
    WHERE ${isFree(now.toString())}`);
  const state = await findJobState(db, job);
  if (state === 'running') throw underWay();
  return state === 'expired';
}

async function findJobState(db: Queryable, key: JobKey): Promise<JobState | undefined> {
  const [run] = await db.select({ state: jobRuns.state }).from(jobRuns).where(isJob(key));
  return run?.state;
}

/** Drops a batch of the jobs first asked for before `before`. Resolves to how many there were. */
export async function forgetJobRuns(db: Queryable, before: Temporal.Instant): Promise<number> {
  return deleteBatch(db, jobRuns, sql`${jobRuns.createdAt} < ${before.toString()}`);
}

/** Neither over nor with someone else whose lease still runs. */
function isFree(now: Placeholder | string) {
  return sql`run.state IN ('failed', 'refused', 'expired') OR run.state = 'running' AND run.lease_until <= ${now}`;
}

function textOf<Name extends string>(times: Readonly<Record<Name, Temporal.Instant>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries<Temporal.Instant>(times).map(([name, time]): [string, string] => [name, time.toString()]),
  );
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
