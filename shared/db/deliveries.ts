import {
  and,
  asc,
  type Column,
  eq,
  exists,
  gt,
  inArray,
  lt,
  lte,
  not,
  notInArray,
  or,
  type SQL,
  sql,
} from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';

import type { DeliveryStatus, DoubtReason, WithheldBecause } from '../domain/notification.ts';
import { AppError } from '../errors.ts';
import type { Queryable } from './client.ts';
import { deleteBatch } from './delete-batch.ts';
import { acknowledgedAlerts, deliveries, knownBookings, notices, reminders } from './schema/notification.ts';

/**
 * How long a claimed delivery stays with whoever claimed it: longer than a provider may take to answer (13 s, see
 * `clientSettings`), and over when a KafkaSource brings the event of one that died for the sixth time (after 18.9 s). After
 * that its outcome is unknown, and it is taken up again.
 */
export const LEASE_SECONDS = 18;

export type OpenDelivery = Pick<
  typeof deliveries.$inferSelect,
  'id' | 'noticeId' | 'recipientType' | 'recipientId' | 'channel' | 'subjectIds'
>;

/** The columns of an OpenDelivery. */
export const openDelivery = {
  id: deliveries.id,
  noticeId: deliveries.noticeId,
  recipientType: deliveries.recipientType,
  recipientId: deliveries.recipientId,
  channel: deliveries.channel,
  subjectIds: deliveries.subjectIds,
};

/** A delivery whose recipient's address is known: SHA-256, as `hashOf` makes it. */
export type AddressedDelivery = OpenDelivery & { readonly addressHash: Buffer };

/** `attempts` tells this claim from a later one. */
export type Claim = { readonly id: string; readonly attempts: number; readonly mayRepeat: boolean };

export type Outcome =
  | { readonly status: 'sent'; readonly providerMessageId: string }
  | { readonly status: 'failed' | 'refused'; readonly errorCode: string };

/** The error code of a message that its provider may have taken: there was no answer. */
const NO_ANSWER: DoubtReason = 'no-answer';

/** How long a text that may have been taken waits for the provider's word before it is sent again. */
const WORD_DUE_AFTER = '2 minutes';

/** How often a text is sent at most while its provider does not say whether it has it. */
const MOST_IN_DOUBT = 3;

/** The provider's clock and ours are so far apart at most. */
const CLOCK_SKEW = '2 seconds';

/** The deliveries of a notice that are neither sent, withheld nor held; of those an event released, where one is given. */
export async function listOpenDeliveries(db: Queryable, noticeId: string, releaseId?: string): Promise<OpenDelivery[]> {
  const ofRelease = releaseId === undefined ? undefined : eq(deliveries.releaseId, releaseId);
  const isOpen = notInArray(deliveries.status, ['sent', 'suppressed', 'held']);
  return db
    .select(openDelivery)
    .from(deliveries)
    .where(and(eq(deliveries.noticeId, noticeId), isOpen, ofRelease))
    .orderBy(asc(deliveries.recipientType), asc(deliveries.channel), asc(deliveries.id));
}

/**
 * Takes a delivery up, so that nobody else sends it meanwhile. Throws `in-progress` while another has it.
 * @returns undefined where there is nothing to send any more.
 */
export async function claimDelivery(
  db: Queryable,
  delivery: AddressedDelivery,
  now: Temporal.Instant,
): Promise<Claim | undefined> {
  return (await claimWhere(db, delivery, now)) ?? nothingToClaim(db, delivery.id);
}

/**
 * Claims in the same way what tells the newest known state of its booking, and withholds what a newer one has overtaken.
 * The state cannot change before the claim is there to see.
 */
export async function claimNewest(
  db: Queryable,
  { id, noticeId, addressHash }: AddressedDelivery,
  now: Temporal.Instant,
): Promise<Claim | undefined> {
  const of = (column: Column) => sql`(SELECT ${column} FROM ${notices} WHERE ${notices.id} = ${noticeId})`;
  const known = db.$with('known').as(
    db
      .select({ version: knownBookings.version })
      .from(knownBookings)
      .where(eq(knownBookings.bookingId, of(notices.subjectId)))
      .for('share'),
  );
  const [claim] = await db
    .with(known)
    .update(deliveries)
    .set(claimedFrom(addressHash, now))
    .where(
      and(eq(deliveries.id, id), isFree(now), lte(sql`(SELECT version FROM ${known})`, of(notices.subjectVersion))),
    )
    .returning(claimed);
  if (claim) return claim;
  await withholdOvertaken(db, id, now);
  return nothingToClaim(db, id);
}

/** Claims in the same way the alert of a critical result that nobody has acknowledged, and withholds the others. */
export async function claimAlert(
  db: Queryable,
  delivery: AddressedDelivery,
  now: Temporal.Instant,
): Promise<Claim | undefined> {
  const acknowledged = db
    .select({ one: sql`1` })
    .from(acknowledgedAlerts)
    .innerJoin(notices, eq(notices.subjectId, acknowledgedAlerts.alertId))
    .where(eq(notices.id, delivery.noticeId));
  const claim = await claimWhere(db, delivery, now, not(exists(acknowledged)));
  if (claim) return claim;
  const isOver = and(eq(deliveries.id, delivery.id), isFree(now), exists(acknowledged));
  await db.update(deliveries).set(withheld('acknowledged')).where(isOver);
  return nothingToClaim(db, delivery.id);
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
    .set(withheld(reason))
    .where(and(eq(deliveries.id, id), isFree(now)));
  return undefined;
}

/** Holds a delivery until `dueAt`, unless someone is sending it. It gathers nothing any more. */
export async function holdDelivery(
  db: Queryable,
  { id }: Pick<OpenDelivery, 'id'>,
  dueAt: Temporal.Instant,
  now: Temporal.Instant,
): Promise<undefined> {
  await db
    .update(deliveries)
    .set({ status: 'held', mayRepeat, dueAt, gatherKey: null })
    .where(and(eq(deliveries.id, id), isFree(now)));
  return undefined;
}

/**
 * Holds a message whose sender cannot tell what came of it until the provider's word of it is due; one that was sent so
 * often already is refused, since its recipient may have them all.
 * @returns what became of it; undefined where there is no such doubt.
 */
export async function holdDoubtful(
  db: Queryable,
  { id }: Pick<OpenDelivery, 'id'>,
  now: Temporal.Instant,
): Promise<'held' | 'refused' | undefined> {
  const dueAt = sql`greatest(${deliveries.claimedAt} + ${WORD_DUE_AFTER}::interval, ${now.toString()}::timestamptz)`;
  const [held] = await db
    .update(deliveries)
    .set({
      status: sql`CASE WHEN ${deliveries.attempts} < ${MOST_IN_DOUBT} THEN 'held' ELSE 'refused' END`,
      mayRepeat: true,
      dueAt,
      gatherKey: null,
      errorCode: NO_ANSWER,
    })
    .where(and(eq(deliveries.id, id), isFree(now), isInDoubt))
    .returning({ status: deliveries.status });
  return held?.status === 'held' || held?.status === 'refused' ? held.status : undefined;
}

/** Stops what a clinician need not be told any more. Throws nothing where a message is on its way already. */
export async function acknowledgeAlert(
  tx: Queryable,
  alertId: string,
  acknowledgedAt: Temporal.Instant,
): Promise<void> {
  await tx.insert(acknowledgedAlerts).values({ alertId, acknowledgedAt }).onConflictDoNothing();
  const ofAlert = tx.select({ id: notices.id }).from(notices).where(eq(notices.subjectId, alertId));
  await withholdUnsent(tx, inArray(deliveries.noticeId, ofAlert), 'acknowledged');
}

/** Drops a batch of the acknowledgements before `before`. Resolves to how many there were. */
export async function forgetAcknowledgements(db: Queryable, before: Temporal.Instant): Promise<number> {
  return deleteBatch(db, acknowledgedAlerts, sql`${acknowledgedAlerts.acknowledgedAt} < ${before.toString()}`);
}

/** Records what came of a claim, unless it ran out and another took the delivery up. That it was sent ends a doubt, too. */
export async function recordOutcome(
  db: Queryable,
  { id, attempts }: Claim,
  outcome: Outcome,
  now: Temporal.Instant,
): Promise<void> {
  const open: DeliveryStatus[] = outcome.status === 'sent' ? ['claimed', 'held', 'planned'] : ['claimed'];
  await db
    .update(deliveries)
    .set({ ...outcome, ...(outcome.status === 'sent' ? { sentAt: now, errorCode: null } : {}), leaseUntil: null })
    .where(and(eq(deliveries.id, id), eq(deliveries.attempts, attempts), inArray(deliveries.status, open)));
}

/** Records what the provider tells of a message whose sender could not: it was taken, so nobody sends it again. */
export async function confirmSent(
  db: Queryable,
  id: string,
  providerMessageId: string,
  sentAt: Temporal.Instant,
): Promise<void> {
  await db
    .update(deliveries)
    .set({ status: 'sent', providerMessageId, sentAt, errorCode: null, leaseUntil: null })
    .where(and(eq(deliveries.id, id), inArray(deliveries.status, ['claimed', 'failed'])));
}

/**
 * Records that the provider took a text for a phone at `at`, which it tells without naming our delivery. Where more than one
 * text for the phone was under way then, it could be any of them, and none is settled: both are sent again.
 * @returns the notice it is of.
 */
export async function settleText(
  db: Queryable,
  { addressHash, providerMessageId, at }: { addressHash: Buffer; providerMessageId: string; at: Temporal.Instant },
): Promise<string | undefined> {
  const sentAt = sql`${at.toString()}::timestamptz`;
  const started = sql`${deliveries.claimedAt} - ${CLOCK_SKEW}::interval`;
  const over = sql`${deliveries.claimedAt} + ${`${LEASE_SECONDS} seconds`}::interval + ${CLOCK_SKEW}::interval`;
  const underWay = db
    .select({ id: deliveries.id })
    .from(deliveries)
    .where(
      and(
        eq(deliveries.addressHash, addressHash),
        sql`${sentAt} BETWEEN ${started} AND ${over}`,
        or(
          isInDoubt,
          and(inArray(deliveries.status, ['held', 'planned', 'refused']), eq(deliveries.errorCode, NO_ANSWER)),
        ),
      ),
    );
  const isKnown = exists(
    db
      .select({ one: sql`1` })
      .from(alias(deliveries, 'known'))
      .where(sql`known.provider_message_id = ${providerMessageId}`),
  );
  const [settled] = await db
    .update(deliveries)
    .set({
      status: 'sent',
      providerMessageId,
      sentAt: at,
      errorCode: null,
      leaseUntil: null,
      mayRepeat: sql`${deliveries.mayRepeat} AND ${deliveries.attempts} > 1`,
    })
    .where(
      and(
        eq(deliveries.id, sql`(SELECT min(id::text)::uuid FROM (${underWay}) AS one HAVING count(*) = 1)`),
        not(isKnown),
      ),
    )
    .returning({ noticeId: deliveries.noticeId });
  return settled?.noticeId;
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
  const about = and(eq(notices.subjectId, booking.bookingId), lt(notices.subjectVersion, booking.version));
  const [older] = await tx
    .select({ id: deliveries.id })
    .from(notices)
    .innerJoin(deliveries, eq(deliveries.noticeId, notices.id))
    .where(
      and(
        or(about, inArray(notices.eventId, remindsOf)),
        eq(deliveries.status, 'claimed'),
        gt(deliveries.leaseUntil, now),
      ),
    )
    .limit(1);
  if (older) throw stillUnderWay();
}

const claimed = { id: deliveries.id, attempts: deliveries.attempts, mayRepeat: deliveries.mayRepeat };

async function claimWhere(
  db: Queryable,
  { id, addressHash }: AddressedDelivery,
  now: Temporal.Instant,
  condition?: SQL,
): Promise<Claim | undefined> {
  const [claim] = await db
    .update(deliveries)
    .set(claimedFrom(addressHash, now))
    .where(and(eq(deliveries.id, id), isFree(now), condition))
    .returning(claimed);
  return claim;
}

/** Neither done, held nor with someone else whose lease still runs. */
function isFree(now: Temporal.Instant) {
  const givenUp = and(eq(deliveries.status, 'claimed'), lte(deliveries.leaseUntil, now));
  return or(inArray(deliveries.status, ['planned', 'failed', 'refused']), givenUp);
}

/** Nobody recorded what came of the last attempt. */
const isInDoubt = or(
  eq(deliveries.status, 'claimed'),
  and(eq(deliveries.status, 'failed'), eq(deliveries.errorCode, NO_ANSWER)),
);

/** What is sent after a doubt may come twice. */
const mayRepeat = sql`${deliveries.mayRepeat} OR ${isInDoubt}`;

function claimedFrom(addressHash: Buffer, now: Temporal.Instant) {
  return {
    status: 'claimed' as const,
    attempts: sql`${deliveries.attempts} + 1`,
    mayRepeat,
    addressHash,
    claimedAt: now,
    leaseUntil: now.add({ seconds: LEASE_SECONDS }),
  };
}

function withheld(reason: WithheldBecause) {
  return { status: 'suppressed' as const, errorCode: reason };
}

async function withholdUnsent(tx: Queryable, which: SQL | undefined, reason: WithheldBecause): Promise<void> {
  const unsent = inArray(deliveries.status, ['held', 'planned', 'failed', 'refused']);
  await tx.update(deliveries).set(withheld(reason)).where(and(which, unsent));
}

/** A version only rises: what is overtaken stays so. */
async function withholdOvertaken(db: Queryable, id: string, now: Temporal.Instant): Promise<void> {
  const newer = db
    .select({ version: knownBookings.version })
    .from(knownBookings)
    .innerJoin(notices, eq(notices.subjectId, knownBookings.bookingId))
    .where(and(eq(notices.id, deliveries.noticeId), gt(knownBookings.version, notices.subjectVersion)));
  await db
    .update(deliveries)
    .set(withheld('superseded'))
    .where(and(eq(deliveries.id, id), isFree(now), exists(newer)));
}

async function nothingToClaim(db: Queryable, id: string): Promise<undefined> {
  const [delivery] = await db.select({ status: deliveries.status }).from(deliveries).where(eq(deliveries.id, id));
  if (delivery && !['sent', 'suppressed', 'held'].includes(delivery.status)) throw stillUnderWay();
  return undefined;
}

function stillUnderWay(): AppError {
  return new AppError('in-progress', 'A message about the same is still on its way.');
}
