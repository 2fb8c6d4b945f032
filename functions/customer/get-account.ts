import type { getAccount as contract } from '../../schemas/api/customer.ts';
import { findAccount } from '../../shared/db/accounts.ts';
import { listBouncedAddresses } from '../../shared/db/bounced-addresses.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { findProfile } from '../../shared/db/profiles.ts';
import { hashOf } from '../../shared/db/suppressed-addresses.ts';
import type { OutputOf } from '../../schemas/api/contract.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { customerOf, noSuchAccount } from './access.ts';
import type { Deps } from './deps.ts';
import { contentOf } from './profile-content.ts';

/** `GET /{country}/me`. */
export function getAccount({ db }: Deps): Operation<typeof contract> {
  return async ({ country }, { caller }) => ({ body: await readAccount(db, country, customerOf(caller)) });
}

/** An account with its profile, as the API shows it. Throws `not-found`. */
export async function readAccount(db: Queryable, country: string, id: string): Promise<OutputOf<typeof contract>> {
  const account = await findAccount(db, id);
  const profile = await findProfile(db, id);
  const bounced = await listBouncedAddresses(db, id);
  const status = account?.status ?? 'active';
  if (profile?.country !== country || status === 'erased') throw noSuchAccount();
  const addresses = profile.addresses.map(({ channel, value, isVerified }) => {
    const hash = hashOf(channel, value);
    const suppressed = bounced.find((one) => one.channel === channel && one.addressHash.equals(hash))?.reason;
    return { channel, isVerified, ...(suppressed && { suppressed }) };
  });
  return { id, status, ...contentOf(profile), version: profile.version, addresses };
}
