import type { getPreferences as getContract, putPreferences as putContract } from '../../schemas/api/customer.ts';
import { preferencesChanged } from '../../shared/db/customer-events.ts';
import { findPreferences, savePreferences } from '../../shared/db/preferences.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { customerOf, mustBeCustomer, mustMatch, takeTurnOf } from './access.ts';
import { commit } from './change.ts';
import type { Deps } from './deps.ts';
import { contentOf, preferencesOf, unsaid } from './preferences-content.ts';

/** `GET /{country}/me/preferences`. */
export function getPreferences({ db }: Deps): Operation<typeof getContract> {
  return async ({ country }, { caller }) => {
    const patientId = await mustBeCustomer(db, customerOf(caller), country);
    const row = (await findPreferences(db, patientId)) ?? unsaid(patientId);
    return { body: { ...contentOf(row), version: row.version } };
  };
}

/** `PUT /{country}/me/preferences`: as a whole. */
export function putPreferences(deps: Deps): Operation<typeof putContract> {
  return async ({ country, ...content }, { caller, ifMatch, traceparent }) => {
    const body = await commit(deps, async (tx) => {
      const patientId = await takeTurnOf(tx, customerOf(caller), country);
      const former = (await findPreferences(tx, patientId)) ?? unsaid(patientId);
      mustMatch(former.version, ifMatch);
      const version = former.version + 1;
      await savePreferences(tx, preferencesOf(content, { patientId, version }));
      const sealed = await deps.seals.sealFor(tx, patientId, content);
      const change = { patientId, country, version, changedAt: deps.now() };
      return { result: { ...content, version }, events: [preferencesChanged(change, sealed, traceparent)] };
    });
    return { body };
  };
}
