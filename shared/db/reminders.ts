import { randomUUIDv7 } from 'node:crypto';

import { and, asc, eq, exists, getTableColumns, inArray, lte, not, or, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';

import { ReminderTriggered } from '../../schemas/events/reminder.v1.ts';
import type { DeliveryStatus } from '../domain/notification.ts';
import type { PlannedReminder } from '../domain/reminder.ts';
import type { Database, Queryable } from './client.ts';
import type { KnownBooking } from './known-bookings.ts';
import { enqueue, outgoing, type OutgoingEvent } from './outbox.ts';
import { deliveries, knownBookings, notices, notificationOutbox, reminders } from './schema/notification.ts';

type ReminderRow = typeof reminders.$inferSelect;

/** A visit that a triggered reminder speaks of. */
export type RemindedVisit = KnownBooking & Pick<ReminderRow, 'channel'>;

/** A lock names its table without the schema. */
const triggered = alias(reminders, 'triggered');

/** Any number, the same for all who trigger reminders. */
const TRIGGER_LOCK = 4_202_612;

/** Drops what a booking's former state asked for and has not been sent; plans what the present one asks for. */
export async function replaceReminders(
  tx: Queryable,
  booking: KnownBooking,
  planned: readonly PlannedReminder[],
): Promise<void> {
  await tx
    .update(reminders)
    .set({ status: 'dropped' })
    .where(and(eq(reminders.bookingId, booking.bookingId), inArray(reminders.status, ['pending', 'triggered'])));
  if (planned.length === 0) return;
  const { bookingId, version: bookingVersion, country, patientId } = booking;
  await tx.insert(reminders).values(
    planned.map(({ rung, channel, dueAt, day }) => ({
      bookingId,
      bookingVersion,
      country,
      patientId,
      rung,
      channel,
      dueAt,
      visitDay: day,
    })),
  );
}

/**
 * Turns up to `limit` reminders due at `now` into ReminderTriggered events in the outbox. What one patient is owed by SMS
 * or push for the visits of one day becomes one event, the later ones ahead of their time. While another call is at it,
 * and for rows that others hold, there is nothing to do: the next call finds what is left.
 * @returns how many events were written.
 */
export async function triggerDueReminders(
  db: Database,
  now: Temporal.Instant,
  limit: number,
  traceparent: string,
): Promise<number> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ alone: boolean }>(
      sql`SELECT pg_try_advisory_xact_lock(${TRIGGER_LOCK}) AS alone`,
    );
    if (!rows[0]?.alone) return 0;
    const due = await lockDue(tx, now, limit);
    const groups = groupByMessage([...due, ...(await lockSiblings(tx, due))]);
    for (const { id, members } of groups) await markTriggered(tx, id, members);
    await enqueue(
      tx,
      notificationOutbox,
      groups.map((group) => reminderTriggered(group, now, traceparent)),
    );
    return groups.length;
  });
}

/** The visits an event reminds of, earliest first, as they are now; none of them changes before the transaction ends. */
export async function lockRemindedVisits(tx: Queryable, triggerId: string): Promise<RemindedVisit[]> {
  const standing = and(
    eq(knownBookings.bookingId, triggered.bookingId),
    eq(knownBookings.version, triggered.bookingVersion),
  );
  return tx
    .select({ ...getTableColumns(knownBookings), channel: triggered.channel })
    .from(triggered)
    .innerJoin(knownBookings, standing)
    .where(and(eq(triggered.triggerId, triggerId), eq(triggered.status, 'triggered')))
    .orderBy(asc(knownBookings.slotStart), asc(knownBookings.bookingId))
    .for('update', { of: triggered });
}

/** Puts what an event triggered back, to be triggered again at `dueAt`. */
export async function postponeReminders(tx: Queryable, triggerId: string, dueAt: Temporal.Instant): Promise<void> {
  await tx
    .update(reminders)
    .set({ status: 'pending', triggerId: null, dueAt })
    .where(and(eq(reminders.triggerId, triggerId), eq(reminders.status, 'triggered')));
}

/** What is still to be sent, or on its way. */
const UNSENT: readonly DeliveryStatus[] = ['held', 'planned', 'claimed', 'failed'];

/** Ends what an event triggered, unless a message of it is still owed: sent where any of its messages was, else dropped. */
export async function closeReminders(db: Queryable, triggerId: string): Promise<void> {
  const messages = (statuses: readonly DeliveryStatus[]) =>
    exists(
      db
        .select({ id: deliveries.id })
        .from(notices)
        .innerJoin(deliveries, eq(deliveries.noticeId, notices.id))
        .where(and(eq(notices.eventId, triggerId), inArray(deliveries.status, statuses))),
    );
  await db
    .update(reminders)
    .set({ status: sql`CASE WHEN ${messages(['sent'])} THEN 'sent' ELSE 'dropped' END` })
    .where(and(eq(reminders.triggerId, triggerId), eq(reminders.status, 'triggered'), not(messages(UNSENT))));
}

async function lockDue(tx: Queryable, now: Temporal.Instant, limit: number): Promise<ReminderRow[]> {
  return tx
    .select()
    .from(reminders)
    .where(and(eq(reminders.status, 'pending'), lte(reminders.dueAt, now)))
    .orderBy(asc(reminders.dueAt), asc(reminders.id))
    .limit(limit)
    .for('update', { skipLocked: true });
}

/** Waits for those who hold them: left behind, they would become a message of their own. */
async function lockSiblings(tx: Queryable, due: readonly ReminderRow[]): Promise<ReminderRow[]> {
  const days = due
    .filter(isShared)
    .map(({ patientId, visitDay, rung }) =>
      and(eq(reminders.patientId, patientId), eq(reminders.visitDay, visitDay), eq(reminders.rung, rung)),
    );
  if (days.length === 0) return [];
  const known = new Set(due.map(({ id }) => id));
  const siblings = await tx
    .select()
    .from(reminders)
    .where(and(eq(reminders.status, 'pending'), or(...days)))
    .orderBy(asc(reminders.id))
    .for('update');
  return siblings.filter(({ id }) => !known.has(id));
}

type Group = { readonly id: string; readonly first: ReminderRow; readonly members: ReminderRow[] };

function groupByMessage(due: readonly ReminderRow[]): Group[] {
  const groups = new Map<string, Group>();
  for (const reminder of due) {
    const key = messageOf(reminder);
    const group = groups.get(key) ?? { id: randomUUIDv7(), first: reminder, members: [] };
    group.members.push(reminder);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function messageOf(reminder: ReminderRow): string {
  const { id, patientId, visitDay, rung } = reminder;
  return isShared(reminder) ? `${patientId} ${visitDay.toString()} ${rung}` : id;
}

/** An e-mail is of one visit. */
function isShared({ channel }: Pick<ReminderRow, 'channel'>): boolean {
  return channel !== 'email';
}

async function markTriggered(tx: Queryable, triggerId: string, members: readonly ReminderRow[]): Promise<void> {
  const ids = members.map(({ id }) => id);
  await tx.update(reminders).set({ status: 'triggered', triggerId }).where(inArray(reminders.id, ids));
}

function reminderTriggered({ id, first }: Group, now: Temporal.Instant, traceparent: string): OutgoingEvent {
  const { id: reminderId, country, patientId, bookingId, bookingVersion, dueAt } = first;
  return outgoing(ReminderTriggered, {
    id,
    subject: bookingId,
    partitionKey: patientId,
    time: now,
    traceparent,
    data: { reminderId, country, patientId, bookingId, bookingVersion, dueAt: dueAt.toString() },
  });
}
