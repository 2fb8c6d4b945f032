import { and, asc, eq, exists, gt, inArray, lt, lte, notInArray, or, sql } from 'drizzle-orm';

import type { AnyEvent } from '../../schemas/events/contract.ts';
import type { Channel, NotificationKind, Recipient, WithheldBecause } from '../domain/notification.ts';
import { AppError } from '../errors.ts';
import type { Queryable } from './client.ts';
import { deleteBatch } from './delete-batch.ts';
import { deliveries, knownBookings, reminders } from './schema/notification.ts';

/**
 * How long a claimed delivery stays with whoever claimed it: longer than a provider may take to answer. After that
 * its outcome is unknown, and it is taken up again.
 */
export const LEASE_SECONDS = 30;

export type EventKey = Pick<AnyEvent, 'source' | 'id'>;

export type NewDelivery = Pick<Recipient, 'type' | 'id'> & { readonly channel: Channel };

export type OpenDelivery = Pick<
  typeof deliveries.$inferSelect,
  'id' | 'kind' | 'recipientType' | 'recipientId' | 'channel' | 'bookingId'
>;

/** `attempts` tells this claim from a later one. */
export type Claim = { readonly id: string; readonly attempts: number; readonly mayRepeat: boolean };

export type Outcome =
  | { readonly status: 'sent'; readonly providerMessageId: string }
  | { readonly status: 'failed' | 'refused'; readonly errorCode: string };

/** Writes down whom an event is told to, before anything is sent. */
export async function planDeliveries(
  tx: Queryable,
  event: EventKey,
  told: { readonly kind: NotificationKind; readonly bookingId: string; readonly bookingVersion: number },
  planned: readonly NewDelivery[],
): Promise<OpenDelivery[]> {
  if (planned.length === 0) return [];
  const rows = planned.map(({ type, id, channel }) => ({
    ...told,
    eventSource: event.source,
    eventId: event.id,
    recipientType: type,
    recipientId: id,
    channel,
    status: 'planned' as const,
  }));
  return tx.insert(deliveries).values(rows).returning(open);
}

/** The deliveries of an event that are neither sent nor withheld. */
export async function listOpenDeliveries(db: Queryable, event: EventKey): Promise<OpenDelivery[]> {
  return db
    .select(open)
    .from(deliveries)
    .where(and(ofEvent(event), notInArray(deliveries.status, ['sent', 'suppressed'])))
    .orderBy(asc(deliveries.recipientType), asc(deliveries.channel), asc(deliveries.id));
}

/**
 * Takes a delivery up, so that nobody else sends it meanwhile. Throws `in-progress` while another has it.
 * @returns undefined where there is nothing to send any more.
 */
export async function claimDelivery(
  db: Queryable,
  { id }: OpenDelivery,
  now: Temporal.Instant,
): Promise<Claim | undefined> {
  const [claim] = await db
    .update(deliveries)
    .set(claimedFrom(now))
    .where(and(eq(deliveries.id, id), isFree(now)))
    .returning(claimed);
  return claim ?? nothingToClaim(db, id);
}

/**
 * Claims in the same way what tells the newest known state of its booking, and withholds what a newer one has overtaken.
 * The state cannot change before the claim is there to see.
 */
export async function claimNewest(
  db: Queryable,
  { id, bookingId }: OpenDelivery,
  now: Temporal.Instant,
): Promise<Claim | undefined> {
  const known = db
    .$with('known')
    .as(
      db
        .select({ version: knownBookings.version })
        .from(knownBookings)
        .where(eq(knownBookings.bookingId, bookingId))
        .for('share'),
    );
  const [claim] = await db
    .with(known)
    .update(deliveries)
    .set(claimedFrom(now))
    .where(and(eq(deliveries.id, id), isFree(now), lte(sql`(SELECT version FROM ${known})`, deliveries.bookingVersion)))
    .returning(claimed);
  if (claim) return claim;
  await withholdOvertaken(db, id, now);
  return nothingToClaim(db, id);
}

/** Records why a delivery is not sent, unless someone is sending it. */
export async function withholdDelivery(
  db: Queryable,
  { id }: Pick<OpenDelivery, 'id'>,
  reason: WithheldBecause,
  now: Temporal.Instant,
): Promise<undefined> {
  await db
    .update(deliveries)
    .set({ status: 'suppressed', errorCode: reason })
    .where(and(eq(deliveries.id, id), isFree(now)));
  return undefined;
}

/** Records what came of a claim, unless it ran out and another took the delivery up. */
export async function recordOutcome(
  db: Queryable,
  { id, attempts }: Claim,
  outcome: Outcome,
  now: Temporal.Instant,
): Promise<void> {
  await db
    .update(deliveries)
    .set({ ...outcome, ...(outcome.status === 'sent' ? { sentAt: now, errorCode: null } : {}), leaseUntil: null })
    .where(and(eq(deliveries.id, id), eq(deliveries.attempts, attempts), eq(deliveries.status, 'claimed')));
}

/** Throws `in-progress` while a message about an older state of the booking is on its way: the newer one comes after it. */
export async function mustFollowOlder(
  tx: Queryable,
  booking: { readonly bookingId: string; readonly version: number },
  now: Temporal.Instant,
): Promise<void> {
  const remindsOf = tx
    .select({ eventId: sql`${reminders.triggerId}::text` })
    .from(reminders)
    .where(and(eq(reminders.bookingId, booking.bookingId), lt(reminders.bookingVersion, booking.version)));
  const about = and(eq(deliveries.bookingId, booking.bookingId), lt(deliveries.bookingVersion, booking.version));
  const [older] = await tx
    .select({ id: deliveries.id })
    .from(deliveries)
    .where(
      and(
        or(about, inArray(deliveries.eventId, remindsOf)),
        eq(deliveries.status, 'claimed'),
        gt(deliveries.leaseUntil, now),
      ),
    )
    .limit(1);
  if (older) throw stillUnderWay();
}

/** Drops a batch of what was planned before `before`, whatever became of it. Resolves to how many there were. */
export async function forgetDeliveries(db: Queryable, before: Temporal.Instant): Promise<number> {
  return deleteBatch(db, deliveries, sql`${deliveries.createdAt} < ${before.toString()}`);
}

const open = {
  id: deliveries.id,
  kind: deliveries.kind,
  recipientType: deliveries.recipientType,
  recipientId: deliveries.recipientId,
  channel: deliveries.channel,
  bookingId: deliveries.bookingId,
};

const claimed = { id: deliveries.id, attempts: deliveries.attempts, mayRepeat: deliveries.mayRepeat };

/** Neither done nor with someone else whose lease still runs. */
function isFree(now: Temporal.Instant) {
  const givenUp = and(eq(deliveries.status, 'claimed'), lte(deliveries.leaseUntil, now));
  return or(inArray(deliveries.status, ['planned', 'failed', 'refused']), givenUp);
}

function claimedFrom(now: Temporal.Instant) {
  return {
    status: 'claimed' as const,
    attempts: sql`${deliveries.attempts} + 1`,
    mayRepeat: sql`${deliveries.mayRepeat} OR ${deliveries.status} = 'claimed'`,
    claimedAt: now,
    leaseUntil: now.add({ seconds: LEASE_SECONDS }),
  };
}

/** A version only rises: what is overtaken stays so. */
async function withholdOvertaken(db: Queryable, id: string, now: Temporal.Instant): Promise<void> {
  const newer = db
    .select({ version: knownBookings.version })
    .from(knownBookings)
    .where(
      and(eq(knownBookings.bookingId, deliveries.bookingId), gt(knownBookings.version, deliveries.bookingVersion)),
    );
  await db
    .update(deliveries)
    .set({ status: 'suppressed', errorCode: 'superseded' satisfies WithheldBecause })
    .where(and(eq(deliveries.id, id), isFree(now), exists(newer)));
}

async function nothingToClaim(db: Queryable, id: string): Promise<undefined> {
  const [delivery] = await db.select({ status: deliveries.status }).from(deliveries).where(eq(deliveries.id, id));
  if (delivery && delivery.status !== 'sent' && delivery.status !== 'suppressed') throw stillUnderWay();
  return undefined;
}

function ofEvent({ source, id }: EventKey) {
  return and(eq(deliveries.eventSource, source), eq(deliveries.eventId, id));
}

function stillUnderWay(): AppError {
  return new AppError('in-progress', 'A message about this booking is still on its way.');
}
