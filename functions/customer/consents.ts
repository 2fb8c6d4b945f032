import type * as z from 'zod';

import type {
  Consent,
  giveConsent as giveContract,
  listConsents as listContract,
  withdrawConsent as withdrawContract,
} from '../../schemas/api/customer.ts';
import { findConsent, listConsents as list } from '../../shared/db/consents.ts';
import type { ConsentRow } from '../../shared/db/schema/account.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { customerOf, mustBeActive, mustBeCustomer, selectCustomer, takeTurnOf } from './access.ts';
import { commit, saveAnswer } from './change.ts';
import type { Deps } from './deps.ts';
import { writeConsent } from './write-consent.ts';

/** `GET /{country}/me/consents`. */
export function listConsents(deps: Deps): Operation<typeof listContract> {
  return async ({ country, patientId: named }, { caller }) => {
    const patientId = await mustBeCustomer(deps.db, await selectCustomer(deps, caller, named), country);
    return { body: { items: (await list(deps.db, patientId)).map(represent) } };
  };
}

/** `POST /{country}/me/consents`: to the same text again, and nothing changes. */
export function giveConsent(deps: Deps): Operation<typeof giveContract> {
  return async ({ country, purpose, consentVersion }, { caller, idempotency, traceparent }) => {
    const body = await commit(deps, async (tx) => {
      const patientId = await takeTurnOf(tx, customerOf(caller), country);
      await mustBeActive(tx, patientId);
      const last = await findConsent(tx, patientId, purpose);
      const place = { patientId, country, purpose, occurredAt: deps.now() };
      const { result, events } = await writeConsent(
        tx,
        last,
        { ...place, decision: 'given', consentVersion },
        traceparent,
      );
      const answer = represent(result);
      await saveAnswer(tx, idempotency, { status: 201, body: answer });
      return { result: answer, events };
    });
    return { body };
  };
}

/**
 * `DELETE /{country}/me/consents/{purpose}`: holds from the commit on, for whoever asks then; also where nobody knows here of
 * a consent yet.
 */
export function withdrawConsent(deps: Deps): Operation<typeof withdrawContract> {
  return async ({ country, purpose, patientId: named }, { caller, traceparent }) => {
    const customerId = await selectCustomer(deps, caller, named);
    await commit(deps, async (tx) => {
      const patientId = await takeTurnOf(tx, customerId, country);
      const last = await findConsent(tx, patientId, purpose);
      const place = { patientId, country, purpose, occurredAt: deps.now() };
      const withdrawal = { ...place, decision: 'withdrawn', consentVersion: last?.consentVersion ?? null } as const;
      return writeConsent(tx, last, withdrawal, traceparent);
    });
    return { body: undefined };
  };
}

function represent({ purpose, decision, consentVersion, occurredAt, version }: ConsentRow): z.infer<typeof Consent> {
  const text = consentVersion === null ? {} : { consentVersion };
  return { purpose, decision, ...text, decidedAt: occurredAt.toString(), version };
}
