import type { putProfile as contract } from '../../schemas/api/customer.ts';
import { saveAccount, takeCustomerTurn } from '../../shared/db/accounts.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { accountUpdated, profileChanged } from '../../shared/db/customer-events.ts';
import type { OutgoingEvent } from '../../shared/db/outbox.ts';
import { findProfile, saveProfile } from '../../shared/db/profiles.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { customerOf, mustMatch, noSuchAccount } from './access.ts';
import { commit } from './change.ts';
import type { Deps } from './deps.ts';
import { readAccount } from './get-account.ts';
import { profileOf } from './profile-content.ts';

/** `PUT /{country}/me`: the profile as a whole; who has none yet has an account from now on. */
export function putProfile(deps: Deps): Operation<typeof contract> {
  return async ({ country, ...content }, { caller, ifMatch, traceparent }) => {
    const id = customerOf(caller);
    const body = await commit(deps, async (tx) => {
      const isErased = await takeCustomerTurn(tx, id);
      const former = await findProfile(tx, id);
      if (isErased || (former && former.country !== country)) throw noSuchAccount();
      mustMatch(former?.version, ifMatch);
      const change = { patientId: id, country, version: (former?.version ?? 0) + 1, changedAt: deps.now() };
      await saveProfile(tx, profileOf(content, { ...change, id }));
      const opened = former ? [] : await openAccount(tx, change, traceparent);
      const sealed = await deps.seals.sealFor(tx, id, content);
      const events = [...opened, profileChanged(change, sealed, traceparent)];
      return { result: await readAccount(tx, country, id), events };
    });
    return { body };
  };
}

type Opening = { readonly patientId: string; readonly country: string; readonly changedAt: Temporal.Instant };

/** Nothing happens where events have told of the account before. */
async function openAccount(tx: Queryable, opening: Opening, traceparent: string): Promise<OutgoingEvent[]> {
  const account = { ...opening, version: 1, status: 'active' } as const;
  return (await saveAccount(tx, account)) ? [accountUpdated(account, traceparent)] : [];
}
