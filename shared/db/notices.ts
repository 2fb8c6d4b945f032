import { randomUUIDv7 } from 'node:crypto';

import { and, asc, eq, inArray, lte, sql } from 'drizzle-orm';

import type { AnyEvent } from '../../schemas/events/contract.ts';
import { NoticeReleased } from '../../schemas/events/notice.v1.ts';
import type { Channel, Recipient } from '../domain/notification.ts';
import type { Database, Queryable } from './client.ts';
import { deleteBatch } from './delete-batch.ts';
import { type OpenDelivery, openDelivery } from './deliveries.ts';
import { enqueue, outgoing, type OutgoingEvent } from './outbox.ts';
import { deliveries, type NoticeFacts, notices, notificationOutbox } from './schema/notification.ts';

export type EventKey = Pick<AnyEvent, 'source' | 'id'>;

export type Notice = typeof notices.$inferSelect;

/** What is told, of an event. */
export type NewNotice = Pick<
  Notice,
  'kind' | 'country' | 'patientId' | 'subjectId' | 'subjectVersion' | 'occurredAt'
> & { readonly facts?: NoticeFacts };

/** One way to one recipient: at once, or held until a time to come. */
export type NewDelivery = Pick<Recipient, 'type' | 'id'> & {
  readonly channel: Channel;
  readonly dueAt: Temporal.Instant;
  readonly held: boolean;
};

/** A notice that came of an event, and which of its deliveries are to be sent now. */
export type PlannedNotice = { readonly noticeId: string; readonly open: readonly OpenDelivery[] };

/**
 * Writes down what an event tells and whom, before anything is sent. Under a gather key a way that has a held delivery
 * gets no second one: that one tells of this event too.
 */
export async function planNotice(
  tx: Queryable,
  event: EventKey,
  notice: NewNotice,
  planned: readonly NewDelivery[],
  gatherKey?: string,
): Promise<PlannedNotice> {
  const [{ id: noticeId }] = await tx
    .insert(notices)
    .values({ ...notice, eventSource: event.source, eventId: event.id })
    .returning({ id: notices.id })
    .then(exactlyOne);
  if (planned.length === 0) return { noticeId, open: [] };
  const rows = planned.map(({ type, id, channel, dueAt, held }) => ({
    noticeId,
    recipientType: type,
    recipientId: id,
    channel,
    dueAt,
    subjectIds: [notice.subjectId],
    status: held ? ('held' as const) : ('planned' as const),
    gatherKey: gatherKey ?? null,
  }));
  const written = await tx
    .insert(deliveries)
    .values(rows)
    .onConflictDoUpdate({
      target: [deliveries.gatherKey, deliveries.recipientType, deliveries.recipientId, deliveries.channel],
      targetWhere: sql`status = 'held'`,
      set: { subjectIds: sql`${deliveries.subjectIds} || excluded.subject_ids` },
    })
    .returning({ ...openDelivery, status: deliveries.status, of: deliveries.noticeId });
  return { noticeId, open: written.filter(({ status, of }) => status === 'planned' && of === noticeId) };
}

/** Whether a patient was ever told news of this kind of something. */
export async function wasTold(
  db: Queryable,
  { kind, patientId, subjectId }: Pick<NewNotice, 'kind' | 'patientId' | 'subjectId'>,
): Promise<boolean> {
  const [found] = await db
    .select({ id: notices.id })
    .from(notices)
    .where(and(eq(notices.subjectId, subjectId), eq(notices.patientId, patientId), eq(notices.kind, kind)))
    .limit(1);
  return found !== undefined;
}

/** The notice that came of an event. */
export async function findNoticeOf(db: Queryable, { source, id }: EventKey): Promise<Notice | undefined> {
  const [found] = await db
    .select()
    .from(notices)
    .where(and(eq(notices.eventSource, source), eq(notices.eventId, id)));
  return found;
}

export async function findNotice(db: Queryable, id: string): Promise<Notice | undefined> {
  const [found] = await db.select().from(notices).where(eq(notices.id, id));
  return found;
}

/**
 * Turns up to `limit` held deliveries due at `now` into those to be sent, and into a NoticeReleased event for each notice
 * in the outbox. What others hold is left to the next call.
 * @returns how many deliveries there were.
 */
export async function releaseDueDeliveries(
  db: Database,
  now: Temporal.Instant,
  limit: number,
  traceparent: string,
): Promise<number> {
  return db.transaction(async (tx) => {
    const due = await tx
      .select({ id: deliveries.id, noticeId: deliveries.noticeId })
      .from(deliveries)
      .where(and(eq(deliveries.status, 'held'), lte(deliveries.dueAt, now)))
      .orderBy(asc(deliveries.dueAt), asc(deliveries.id))
      .limit(limit)
      .for('update', { skipLocked: true });
    if (due.length === 0) return 0;
    const released = await tx
      .select()
      .from(notices)
      .where(inArray(notices.id, [...new Set(due.map(({ noticeId }) => noticeId))]));
    const events = new Map(released.map((notice) => [notice.id, noticeReleased(notice, now, traceparent)]));
    await markReleased(tx, due, events);
    await enqueue(tx, notificationOutbox, [...events.values()]);
    return due.length;
  });
}

/** Each delivery names the event that is to send it. */
async function markReleased(
  tx: Queryable,
  due: readonly Pick<OpenDelivery, 'id'>[],
  events: ReadonlyMap<string, OutgoingEvent>,
): Promise<void> {
  const ids = Object.fromEntries([...events].map(([noticeId, { event }]) => [noticeId, event.id]));
  const releaseId = sql`(${JSON.stringify(ids)}::jsonb ->> ${deliveries.noticeId}::text)::uuid`;
  await tx
    .update(deliveries)
    .set({ status: 'planned', releaseId })
    .where(
      inArray(
        deliveries.id,
        due.map(({ id }) => id),
      ),
    );
}

/** Drops a batch of the notices made before `before` with their deliveries. Resolves to how many there were. */
export async function forgetNotices(db: Queryable, before: Temporal.Instant): Promise<number> {
  return deleteBatch(db, notices, sql`${notices.createdAt} < ${before.toString()}`);
}

function noticeReleased({ id, country, patientId }: Notice, now: Temporal.Instant, traceparent: string) {
  return outgoing(NoticeReleased, {
    id: randomUUIDv7(),
    subject: id,
    partitionKey: patientId,
    time: now,
    traceparent,
    data: { noticeId: id, country, patientId },
  });
}

function exactlyOne<Row>(rows: readonly Row[]): [Row] {
  const [row] = rows;
  if (row === undefined) throw new Error('An insert returned no row');
  return [row];
}
