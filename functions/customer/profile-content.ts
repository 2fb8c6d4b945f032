import type * as z from 'zod';

import type { Profile as ProfileContract } from '../../schemas/customer.ts';
import type { Address, NewProfile, Profile } from '../../shared/db/profiles.ts';
import type { Channel } from '../../shared/domain/notification.ts';

export type ProfileContent = z.infer<typeof ProfileContract>;

const MEMBERS = { email: 'email', sms: 'phone', push: 'pushEndpoint' } as const satisfies Readonly<
  Record<Channel, keyof ProfileContent>
>;

type Place = { readonly id: string; readonly country: string; readonly version: number };

/** The profile that content describes, as it is kept. */
export function profileOf(content: ProfileContent, { id, country, version }: Place): NewProfile {
  const { givenName, familyName, birthDate, sex, timeZone } = content;
  const addresses: Address[] = Object.entries(MEMBERS).flatMap(([channel, member]) => {
    const value = content[member];
    return value === undefined ? [] : [{ channel: channel as Channel, value }];
  });
  return { id, country, version, givenName, familyName, birthDate, sex, timeZone, addresses };
}

/** What a profile says, as it is written over HTTP and sealed in events. */
export function contentOf({ givenName, familyName, birthDate, sex, timeZone, addresses }: Profile): ProfileContent {
  const values = addresses.map(({ channel, value }) => [MEMBERS[channel], value] as const);
  return { givenName, familyName, birthDate, sex, timeZone, ...Object.fromEntries(values) };
}
