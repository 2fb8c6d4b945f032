import { createHash } from 'node:crypto';

import { inArray } from 'drizzle-orm';

import { type Channel, channels, type Recipient } from '../domain/notification.ts';
import type { Queryable } from './client.ts';
import { suppressedAddresses } from './schema/notification.ts';

/** Stops further messages to an address that bounced or complained. */
export async function suppressAddress(
  db: Queryable,
  channel: Channel,
  address: string,
  reason: 'bounced' | 'complained',
): Promise<void> {
  await db
    .insert(suppressedAddresses)
    .values({ addressHash: hashOf(channel, address), reason })
    .onConflictDoNothing();
}

/** The recipients with the channels marked whose address is suppressed. */
export async function markSuppressed(db: Queryable, recipients: readonly Recipient[]): Promise<Recipient[]> {
  const hashes = recipients.flatMap((recipient) => channels.flatMap((channel) => hashFor(recipient, channel) ?? []));
  if (hashes.length === 0) return [...recipients];
  const found = await db
    .select({ hash: suppressedAddresses.addressHash })
    .from(suppressedAddresses)
    .where(inArray(suppressedAddresses.addressHash, hashes));
  const isSuppressed = (hash: Buffer | undefined) => hash !== undefined && found.some((row) => row.hash.equals(hash));
  return recipients.map((recipient) => ({
    ...recipient,
    suppressed: channels.filter((channel) => isSuppressed(hashFor(recipient, channel))),
  }));
}

function hashFor({ addresses }: Recipient, channel: Channel): Buffer | undefined {
  const address = addresses[channel];
  return address === undefined ? undefined : hashOf(channel, address);
}

function hashOf(channel: Channel, address: string): Buffer {
  return createHash('sha256').update(`${channel}:${address.trim().toLowerCase()}`).digest();
}
