import { randomUUID } from 'node:crypto';

import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { lanesOf } from '../../../functions/cron/lanes.ts';
import { minuteLimits } from '../../../functions/cron/run-tick.ts';
import type { AppendEvents } from '../../../shared/db/outbox-relay.ts';
import { bookingIdempotencyKeys, bookingOutbox, bookings } from '../../../shared/db/schema/booking.ts';
import { leases, taskRuns } from '../../../shared/db/schema/cron.ts';
import {
  deliveries,
  erasedPatients,
  knownBookings,
  notices,
  notificationInbox,
  notificationOutbox,
  reminders,
} from '../../../shared/db/schema/notification.ts';
import { practitionerInbox } from '../../../shared/db/schema/practitioner.ts';
import { AppError } from '../../../shared/errors.ts';
import { awayDatabase, heldBooking, openContexts, type TestContexts } from './contexts.ts';
import { tick, tickingServer } from './tick.ts';

let contexts: TestContexts;
beforeAll(async () => {
  contexts = await openContexts();
});
afterAll(() => contexts.close());
beforeEach(async () => {
  await Promise.all([contexts.cron.delete(leases), contexts.cron.delete(taskRuns)]);
  await Promise.all([contexts.booking.delete(bookingOutbox), contexts.notification.delete(notificationOutbox)]);
});

/** An event log that keeps what it is given, or is away. */
function eventLog() {
  const log = { appended: [] as string[], isAway: false };
  const append: AppendEvents = async (events) => {
    if (log.isAway) throw new AppError('unavailable', 'the event log does not answer');
    log.appended.push(...events.map(({ event }) => event.type));
  };
  return Object.assign(log, { append });
}

function platform(append: AppendEvents, own: Partial<TestContexts> = {}) {
  const clock = { now: Temporal.Now.instant() };
  const server = tickingServer({
    db: contexts.cron,
    lanes: lanesOf({ ...contexts, ...own }, append, {}),
    now: () => clock.now,
    limits: minuteLimits,
  });
  return { clock, tick: () => tick(server, clock.now) };
}

async function holdThatRanOut(): Promise<string> {
  const hold = heldBooking({ holdExpiresAt: Temporal.Now.instant().subtract({ seconds: 1 }) });
  await contexts.booking.insert(bookings).values(hold);
  return hold.id;
}

async function statusOf(id: string): Promise<string | undefined> {
  const [found] = await contexts.booking
    .select({ status: bookings.status })
    .from(bookings)
    .where(sql`${bookings.id} = ${id}`);
  return found?.status;
}

async function reminderDue(): Promise<void> {
  const now = Temporal.Now.instant();
  await addReminder({ bookingId: randomUUID(), slotEnd: now.add({ hours: 25 }), dueAt: now.subtract({ seconds: 1 }) });
}

type NewReminder = {
  readonly bookingId: string;
  readonly slotEnd: Temporal.Instant;
  readonly dueAt: Temporal.Instant;
  readonly status?: 'sent';
};

/** A reminder of a visit of one hour. */
async function addReminder({ bookingId, slotEnd, dueAt, status }: NewReminder): Promise<void> {
  const [practitionerId, patientId] = [randomUUID(), randomUUID()];
  const known = { bookingId, country: 'fr', practitionerId, patientId };
  const slotStart = slotEnd.subtract({ hours: 1 });
  await contexts.notification.insert(knownBookings).values({ ...known, version: 1, slotStart, slotEnd });
  await contexts.notification.insert(reminders).values({
    bookingId,
    bookingVersion: 1,
    country: 'fr',
    patientId,
    rung: 'email-1d',
    channel: 'email',
    visitDay: Temporal.PlainDate.from('2031-03-03'),
    dueAt,
    ...(status && {
      status,
      triggerId: randomUUID(),
    }),
  });
}

function ago(days: number) {
  return sql`now() - make_interval(hours => ${days * 24}) - interval '1 minute'`;
}

async function noticeMade(
  eventId: string,
  days: number,
  delivery: Partial<typeof deliveries.$inferInsert> = {},
): Promise<void> {
  const [noticeId, patientId, now] = [randomUUID(), randomUUID(), Temporal.Now.instant()];
  const about = { country: 'fr', patientId, subjectId: randomUUID(), subjectVersion: 1, occurredAt: now };
  const made = { id: noticeId, eventSource: '/s', eventId, kind: 'booking-confirmed', createdAt: ago(days) } as const;
  await contexts.notification.insert(notices).values({ ...about, ...made });
  const to = { recipientType: 'patient', recipientId: patientId, channel: 'sms' } as const;
  await contexts.notification
    .insert(deliveries)
    .values({ ...to, noticeId, status: 'planned', dueAt: now.subtract({ seconds: 1 }), ...delivery });
}

describe('a minute', () => {
  it('releases what was held until now, once, and leaves the rest', async () => {
    const log = eventLog();
    await noticeMade('due', 0, { status: 'held' });
    await noticeMade('later', 0, { status: 'held', dueAt: Temporal.Now.instant().add({ hours: 1 }) });
    const { clock, tick: tickOnce } = platform(log.append);
    expect(await tickOnce()).toBe(204);
    expect(log.appended).toEqual(['careflow.notice.released.v1']);
    clock.now = clock.now.add({ minutes: 1 });
    expect(await tickOnce()).toBe(204);
    expect(log.appended).toHaveLength(1);
    const left = await contexts.notification.select().from(deliveries).where(eq(deliveries.status, 'held'));
    expect(left).toHaveLength(1);
    await contexts.notification.delete(notices);
  });

  it('expires holds, triggers reminders, and publishes what both tell within the same tick', async () => {
    const log = eventLog();
    const hold = await holdThatRanOut();
    await reminderDue();
    expect(await platform(log.append).tick()).toBe(204);
    expect(await statusOf(hold)).toBe('released');
    expect(log.appended.toSorted((one, other) => one.localeCompare(other))).toEqual([
      'careflow.booking.released.v1',
      'careflow.reminder.triggered.v1',
    ]);
  });

  it('without an event log expires holds all the same, and tells of them when it is back', async () => {
    const log = eventLog();
    log.isAway = true;
    const hold = await holdThatRanOut();
    const { clock, tick } = platform(log.append);
    expect(await tick()).toBe(503);
    expect(await statusOf(hold)).toBe('released');
    log.isAway = false;
    clock.now = clock.now.add({ minutes: 1 });
    expect(await tick()).toBe(204);
    expect(log.appended).toEqual(['careflow.booking.released.v1']);
  });

  it('without the database of one context does the work of the others', async () => {
    const log = eventLog();
    const away = awayDatabase();
    const hold = await holdThatRanOut();
    expect(await platform(log.append, { notification: away, practitioner: away }).tick()).toBe(503);
    expect(await statusOf(hold)).toBe('released');
    expect(log.appended).toEqual(['careflow.booking.released.v1']);
    await away.$client.end();
  });
});

describe('a day', () => {
  it('forgets what nobody asks for any more, and nothing else', async () => {
    const event = {
      topic: 'booking-events',
      partitionKey: 'k',
      event: { specversion: '1.0' as const, id: 'i', source: '/s', type: 't', time: '2031-03-03T09:00:00Z', data: {} },
    };
    await contexts.booking.insert(bookingOutbox).values([
      { ...event, partitionKey: 'sent long ago', createdAt: ago(9), sentAt: ago(7) },
      { ...event, partitionKey: 'sent lately', createdAt: ago(9), sentAt: ago(6) },
      { ...event, partitionKey: 'not sent', createdAt: ago(9) },
    ]);
    const key = { subject: 's', operation: 'o', fingerprint: Buffer.from(''), status: 201, body: {} };
    await contexts.booking.insert(bookingIdempotencyKeys).values([
      { ...key, key: 'old', createdAt: ago(1) },
      { ...key, key: 'young', createdAt: ago(0) },
    ]);
    const claim = { consumer: 'c', source: '/s' };
    const claims = [
      { ...claim, eventId: 'old', processedAt: ago(150) },
      { ...claim, eventId: 'young', processedAt: ago(149) },
    ];
    await contexts.practitioner.insert(practitionerInbox).values(claims);
    await contexts.notification.insert(notificationInbox).values(claims);

    expect(await platform(eventLog().append).tick()).toBe(204);
    const left = await contexts.booking.select().from(bookingOutbox).orderBy(bookingOutbox.seq);
    expect(left.map(({ partitionKey }) => partitionKey)).toEqual(['sent lately', 'not sent']);
    const keys = await contexts.booking.select().from(bookingIdempotencyKeys);
    expect(keys.map(({ key }) => key)).toEqual(['young']);
    const claimed = await Promise.all([
      contexts.practitioner.select().from(practitionerInbox),
      contexts.notification.select().from(notificationInbox),
    ]);
    expect(claimed.flat().map(({ eventId }) => eventId)).toEqual(['young', 'young']);
  });

  it('forgets notices, and visits with their reminders, once no event of theirs can come again', async () => {
    const { notification } = contexts;
    await notification.delete(notices);
    await notification.delete(knownBookings);
    await visitEnded(150);
    const young = await visitEnded(149);
    await noticeMade('old', 150);
    await noticeMade('young', 149);

    expect(await platform(eventLog().append).tick()).toBe(204);
    const left = await notification.select().from(knownBookings);
    expect(left.map(({ bookingId }) => bookingId)).toEqual([young]);
    const reminded = await notification.select().from(reminders);
    expect(reminded.map(({ bookingId }) => bookingId)).toEqual([young]);
    const told = await notification.select().from(notices).innerJoin(deliveries, eq(deliveries.noticeId, notices.id));
    expect(told.map(({ notices: { eventId } }) => eventId)).toEqual(['young']);
  });

  it('forgets what was told of those who were erased, and in the end that they were', async () => {
    const { notification } = contexts;
    await notification.delete(notices);
    await noticeMade('told', 1, { status: 'refused', errorCode: 'too-long' });
    await noticeMade('to be told', 1, { status: 'held', dueAt: Temporal.Now.instant().add({ hours: 1 }) });
    const about = await notification.select({ patientId: notices.patientId }).from(notices);
    await noticeMade('of somebody else', 1, { status: 'suppressed', errorCode: 'no-address' });
    const erasedAt = Temporal.Now.instant().subtract({ hours: 24 });
    const markers = about.map(({ patientId }) => ({ patientId, erasedAt }));
    const old = { patientId: randomUUID(), erasedAt: Temporal.Now.instant().subtract({ hours: 150 * 24, minutes: 1 }) };
    await notification.insert(erasedPatients).values([...markers, old]);

    expect(await platform(eventLog().append).tick()).toBe(204);
    const left = await notification.select().from(notices);
    expect(left.map(({ eventId }) => eventId).toSorted()).toEqual(['of somebody else', 'to be told']);
    expect(await notification.select().from(erasedPatients)).toHaveLength(2);
    await notification.delete(erasedPatients);
  });

  /** @returns the id of a booking that was reminded of before its visit. */
  async function visitEnded(days: number): Promise<string> {
    const [bookingId, slotEnd] = [randomUUID(), Temporal.Now.instant().subtract({ hours: days * 24, minutes: 1 })];
    await addReminder({ bookingId, slotEnd, status: 'sent', dueAt: slotEnd.subtract({ hours: 24 }) });
    return bookingId;
  }
});
