import type * as z from 'zod';

import { Preferences, Profile } from '../../schemas/customer.ts';
import type { EventContract, EventOf } from '../../schemas/events/contract.ts';
import type {
  AccountErased,
  AccountUpdated,
  AddressBounced,
  ConsentGiven,
  ConsentWithdrawn,
  PreferencesChanged,
  ProfileChanged,
} from '../../schemas/events/customer.v1.ts';
import { saveAccount, takeCustomerTurn } from '../../shared/db/accounts.ts';
import { saveBouncedAddress } from '../../shared/db/bounced-addresses.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { appendConsent } from '../../shared/db/consents.ts';
import { eraseCustomer } from '../../shared/db/erase-customer.ts';
import { once } from '../../shared/db/inbox.ts';
import { savePreferences } from '../../shared/db/preferences.ts';
import { saveProfile } from '../../shared/db/profiles.ts';
import { patientInbox } from '../../shared/db/schema/account.ts';
import type { ConsentDecision } from '../../shared/domain/consent.ts';
import { AppError } from '../../shared/errors.ts';
import type { EventHandler } from '../../shared/runtime/function.ts';
import type { Deps } from './deps.ts';
import { preferencesOf } from './preferences-content.ts';
import { profileOf } from './profile-content.ts';

/** The inbox's name for what this function makes of events. */
export const CONSUMER = 'customer';

/*
 * Each part of a customer has a version of its own and keeps the newest that is known, whatever the order in which events
 * come; what comes before the account is kept as what comes after it. Of who was erased nothing is written any more.
 */

export function applyAccount(deps: Deps): EventHandler<typeof AccountUpdated> {
  return applying(deps, async (tx, { data }) => {
    const { customerId: patientId, country, version, status } = data;
    await saveAccount(tx, { patientId, country, version, status, changedAt: Temporal.Instant.from(data.occurredAt) });
  });
}

/** What was written until the account was closed goes too. */
export function applyErasure({ db }: Deps): EventHandler<typeof AccountErased> {
  return async (event) => {
    const { customerId: patientId, country, version, occurredAt } = event.data;
    const closing = { patientId, country, version, now: Temporal.Instant.from(occurredAt) };
    await once(db, patientInbox, CONSUMER, event, (tx) => eraseCustomer(tx, closing));
  };
}

export function applyProfile(deps: Deps): EventHandler<typeof ProfileChanged> {
  return applying(deps, async (tx, { data }) => {
    const { customerId: id, country, version } = data;
    const content = await openSealed(deps, tx, data, Profile);
    if (content) await saveProfile(tx, profileOf(content, { id, country, version }));
  });
}

export function applyPreferences(deps: Deps): EventHandler<typeof PreferencesChanged> {
  return applying(deps, async (tx, { data }) => {
    const { customerId: patientId, version } = data;
    const content = await openSealed(deps, tx, data, Preferences);
    if (content) await savePreferences(tx, preferencesOf(content, { patientId, version }));
  });
}

export function applyConsent(
  deps: Deps,
  decision: ConsentDecision,
): EventHandler<typeof ConsentGiven | typeof ConsentWithdrawn> {
  return applying(deps, async (tx, { data }) => {
    const { customerId: patientId, country, version, purpose, consentVersion = null } = data;
    const occurredAt = Temporal.Instant.from(data.occurredAt);
    await appendConsent(tx, { patientId, country, version, purpose, consentVersion, decision, occurredAt });
  });
}

export function applyBounce(deps: Deps): EventHandler<typeof AddressBounced> {
  return applying(deps, async (tx, { data }) => {
    const { customerId: patientId, channel, reason } = data;
    const addressHash = Buffer.from(data.addressHash, 'hex');
    const occurredAt = Temporal.Instant.from(data.occurredAt);
    await saveBouncedAddress(tx, { patientId, channel, addressHash, reason, occurredAt });
  });
}

/** What is told of a customer's own orders, here where it was written. */
export async function passOrder(): Promise<void> {}

type OfCustomer = EventContract<string, z.ZodType<{ readonly customerId: string }>>;

/** Has its effect once for all deliveries of an event, while nobody else writes about the customer, and none once they are erased. */
function applying<Contract extends OfCustomer>(
  { db }: Deps,
  effect: (tx: Queryable, event: EventOf<Contract>) => Promise<void>,
): EventHandler<Contract> {
  return async (event) => {
    await once(db, patientInbox, CONSUMER, event, async (tx) => {
      const isErased = await takeCustomerTurn(tx, event.data.customerId);
      if (!isErased) await effect(tx, event);
    });
  };
}

type Sealed = { readonly customerId: string; readonly sealed: string };

/** Undefined where the key is gone. Throws `unprocessable` for content that is not what the event's contract says. */
async function openSealed<Content extends z.ZodType>(
  { seals }: Deps,
  tx: Queryable,
  { customerId, sealed }: Sealed,
  contract: Content,
): Promise<z.infer<Content> | undefined> {
  const opened = await seals.unseal(tx, customerId, sealed);
  if (opened === undefined) return undefined;
  const checked = contract.safeParse(opened);
  if (checked.success) return checked.data;
  throw new AppError('unprocessable', 'What was sealed breaks its contract.');
}
