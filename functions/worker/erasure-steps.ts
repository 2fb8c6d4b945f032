import type { Logger } from 'pino';

import { closeAccount, findAccount, takeCustomerTurn } from '../../shared/db/accounts.ts';
import { hasAlertSince } from '../../shared/db/critical-alerts.ts';
import { accountErased } from '../../shared/db/customer-events.ts';
import { enqueue } from '../../shared/db/outbox.ts';
import { SETTLED_AFTER_MS } from '../../shared/db/patients.ts';
import { patientOutbox } from '../../shared/db/schema/account.ts';
import { type SubjectContext, subjectContexts, subjectData } from '../../shared/db/subject-data/contexts.ts';
import { eraseSubject } from '../../shared/db/subject-data/subject-table.ts';
import { destroySubjectKey } from '../../shared/db/subject-keys.ts';
import { alertedSince } from '../../shared/domain/lab-critical.ts';
import { AppError } from '../../shared/errors.ts';
import { forgetSubject } from '../../shared/redis/forget-subject.ts';
import { createRefusals } from '../../shared/redis/refusals.ts';
import { cancelVisits } from './cancel-visits.ts';
import type { Deps } from './deps.ts';
import { sendLastMessage } from './last-message.ts';
import { type Erasure, retainRows } from './retain-rows.ts';

type Step = {
  readonly name: string;
  /** Resolves to how many things there were to erase. */
  readonly run: () => Promise<number>;
};

type Context = { readonly traceparent: string; readonly log: Logger };

/**
 * The steps of an erasure in their order: nothing new is let in, the patient is told, nobody is waited for, nothing is kept,
 * nor what came in between, and others are told. The key that opens what lies in topics and copies goes late, for what law keeps has to be
 * opened before.
 */
export function erasureSteps(deps: Deps, erasure: Erasure, { traceparent, log }: Context): Step[] {
  const { patientId } = erasure;
  return [
    { name: 'account', run: () => closeDown(deps, erasure) },
    { name: 'last-message', run: () => sendLastMessage(deps, erasure, log) },
    ...passOver(deps, erasure, traceparent),
    { name: 'settled', run: () => mustHaveSettled(deps, patientId) },
    ...passOver(deps, erasure, traceparent).map(({ name, run }) => ({ name: `${name}-again`, run })),
    { name: 'redis', run: () => forgetSubject(deps.redis, patientId) },
    { name: 'subject-key', run: () => destroyKey(deps, patientId) },
    { name: 'told', run: () => tell(deps, erasure, traceparent) },
  ];
}

function passOver(deps: Deps, erasure: Erasure, traceparent: string): Step[] {
  const { contexts, now, redis } = deps;
  const calendar = { db: contexts.booking, refusals: createRefusals(redis) };
  return [
    { name: 'visits', run: () => cancelVisits(calendar, erasure.patientId, { now: now(), traceparent }) },
    { name: 'alerts', run: () => mustNotBeAlerting(deps, erasure.patientId) },
    ...subjectContexts.map((context) => ({ name: context, run: () => eraseContext(deps, erasure, context) })),
  ];
}

/** As of when it has its turn: whoever had theirs before may have written until then. */
async function closeDown({ contexts, now }: Deps, { patientId, country }: Erasure): Promise<number> {
  await contexts.patient.transaction(async (tx) => {
    await takeCustomerTurn(tx, patientId);
    await closeAccount(tx, { patientId, country, now: now() });
  });
  return 1;
}

/** Throws `unavailable` while something of the patient may still be on its way, from who found them before the account was closed. */
async function mustHaveSettled({ contexts, now }: Deps, patientId: string): Promise<number> {
  const account = await findAccount(contexts.patient, patientId);
  const settledAt = account?.changedAt.add({ milliseconds: SETTLED_AFTER_MS });
  if (settledAt && Temporal.Instant.compare(now(), settledAt) >= 0) return 0;
  throw new AppError('unavailable', 'Something of the patient may still be on its way.', { reason: 'settling' });
}

/** Throws `unavailable` while a clinician is alerted to a result that they would find no more. */
async function mustNotBeAlerting({ contexts, now }: Deps, patientId: string): Promise<number> {
  if (!(await hasAlertSince(contexts.laboratory, patientId, alertedSince(now())))) return 0;
  throw new AppError('unavailable', 'A clinician has yet to take note of a result.', { reason: 'alerting' });
}

async function eraseContext(deps: Deps, erasure: Erasure, context: SubjectContext): Promise<number> {
  return eraseSubject(deps.contexts[context], subjectData[context], erasure.patientId, (retained) =>
    retainRows(deps, erasure, context, retained),
  );
}

async function destroyKey({ contexts, now }: Deps, patientId: string): Promise<number> {
  await destroySubjectKey(contexts.patient, patientId, now());
  return 1;
}

/** From the patient context, which tells of accounts; told again after a crash it is the same event. */
async function tell({ contexts }: Deps, { id, patientId }: Erasure, traceparent: string): Promise<number> {
  const account = await findAccount(contexts.patient, patientId);
  if (!account) return 0;
  const { event, ...outgoing } = accountErased(account, traceparent);
  await enqueue(contexts.patient, patientOutbox, [{ ...outgoing, event: { ...event, id } }]);
  return 1;
}
