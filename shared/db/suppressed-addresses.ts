import { createHash } from 'node:crypto';

import { and, count, eq, gt, inArray, sql } from 'drizzle-orm';

import { type Channel, channels, type Recipient } from '../domain/notification.ts';
import type { Queryable } from './client.ts';
import { deleteBatch } from './delete-batch.ts';
import { suppressedAddresses, transientBounces } from './schema/notification.ts';

/** Stops further messages to an address that bounced or complained. @returns whether it was not stopped before. */
export async function suppressAddress(
  db: Queryable,
  channel: Channel,
  address: string,
  reason: 'bounced' | 'complained',
): Promise<boolean> {
  const added = await db
    .insert(suppressedAddresses)
    .values({ addressHash: hashOf(channel, address), reason })
    .onConflictDoNothing()
    .returning({ reason: suppressedAddresses.reason });
  return added.length === 1;
}

/** Counts a message that the address did not take for the moment. @returns how many there were after `since`. */
export async function countTransientBounce(
  db: Queryable,
  bounce: {
    readonly channel: Channel;
    readonly address: string;
    readonly feedbackId: string;
    readonly at: Temporal.Instant;
  },
  since: Temporal.Instant,
): Promise<number> {
  const addressHash = hashOf(bounce.channel, bounce.address);
  const { feedbackId, at: bouncedAt } = bounce;
  await db.insert(transientBounces).values({ addressHash, feedbackId, bouncedAt }).onConflictDoNothing();
  const [counted] = await db
    .select({ bounces: count() })
    .from(transientBounces)
    .where(and(eq(transientBounces.addressHash, addressHash), gt(transientBounces.bouncedAt, since)));
  return counted?.bounces ?? 0;
}

/** Drops a batch of the transient bounces before `before`. Resolves to how many there were. */
export async function forgetTransientBounces(db: Queryable, before: Temporal.Instant): Promise<number> {
  return deleteBatch(db, transientBounces, sql`${transientBounces.bouncedAt} < ${before.toString()}`);
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

/** Stands for an address wherever it is kept or told of: SHA-256 of channel, colon and address. */
export function hashOf(channel: Channel, address: string): Buffer {
  return createHash('sha256').update(`${channel}:${address.trim().toLowerCase()}`).digest();
}
