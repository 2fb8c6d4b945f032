import type * as z from 'zod';

import type {
  Consent,
  giveConsent as giveContract,
  listConsents as listContract,
  withdrawConsent as withdrawContract,
} from '../../schemas/api/customer.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { appendConsent, findConsent, listConsents as list } from '../../shared/db/consents.ts';
import { consentDecided } from '../../shared/db/customer-events.ts';
import type { ConsentRow } from '../../shared/db/schema/account.ts';
import { decide } from '../../shared/domain/consent.ts';
import { AppError } from '../../shared/errors.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { mustBeActive, mustBeCustomer, takeTurnOf } from './access.ts';
import { type Change, commit, saveAnswer } from './change.ts';
import type { Deps } from './deps.ts';

/** `GET /{country}/me/consents`. */
export function listConsents({ db }: Deps): Operation<typeof listContract> {
  return async ({ country }, { caller }) => {
    const patientId = await mustBeCustomer(db, caller, country);
    return { body: { items: (await list(db, patientId)).map(represent) } };
  };
}

/** `POST /{country}/me/consents`: to the same text again, and nothing changes. */
export function giveConsent(deps: Deps): Operation<typeof giveContract> {
  return async ({ country, purpose, consentVersion }, { caller, idempotency, traceparent }) => {
    const body = await commit(deps, async (tx) => {
      const patientId = await takeTurnOf(tx, caller, country);
      await mustBeActive(tx, patientId);
      const last = await findConsent(tx, patientId, purpose);
      const place = { patientId, country, purpose, occurredAt: deps.now() };
      const { result, events } = await write(tx, last, { ...place, decision: 'given', consentVersion }, traceparent);
      const answer = represent(result);
      await saveAnswer(tx, idempotency, { status: 201, body: answer });
      return { result: answer, events };
    });
    return { body };
  };
}

/** `DELETE /{country}/me/consents/{purpose}`: holds from the commit on, for whoever asks then. */
export function withdrawConsent(deps: Deps): Operation<typeof withdrawContract> {
  return async ({ country, purpose }, { caller, traceparent }) => {
    await commit(deps, async (tx) => {
      const patientId = await takeTurnOf(tx, caller, country);
      const last = await findConsent(tx, patientId, purpose);
      if (!last) throw new AppError('not-found', 'There is no such consent.');
      const { consentVersion } = last;
      const place = { patientId, country, purpose, occurredAt: deps.now() };
      return write(tx, last, { ...place, decision: 'withdrawn', consentVersion }, traceparent);
    });
    return { body: undefined };
  };
}

/** Writes down what was decided, unless it was so before. */
async function write(
  tx: Queryable,
  last: ConsentRow | undefined,
  wish: Omit<ConsentRow, 'version'>,
  traceparent: string,
): Promise<Change<ConsentRow>> {
  const decided = decide(last, wish);
  if (!decided && last) return { result: last, events: [] };
  const result = { ...wish, version: decided?.version ?? 1 };
  await appendConsent(tx, result);
  return { result, events: [consentDecided(result, traceparent)] };
}

function represent({ purpose, decision, consentVersion, occurredAt, version }: ConsentRow): z.infer<typeof Consent> {
  return { purpose, decision, consentVersion, decidedAt: occurredAt.toString(), version };
}
