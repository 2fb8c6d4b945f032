import { asc, eq } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll } from 'vitest';

import { settings } from '../../functions/availability/config.ts';
import { subscriptionsOf as availabilityOf } from '../../functions/availability/subscriptions.ts';
import { subscriptionsOf as notificationsOf } from '../../functions/notifications/subscriptions.ts';
import { seed } from '../../infra/seed/seed.ts';
import type { AnyEvent } from '../../schemas/events/contract.ts';
import { listPractices } from '../../shared/db/availability.ts';
import { connectDatabase, type Database } from '../../shared/db/client.ts';
import { deliveries, knownBookings, notices, reminders } from '../../shared/db/schema/notification.ts';
import { busySlots } from '../../shared/db/schema/practitioner.ts';
import { freeSlotsOf } from '../support/day-bits.ts';
import { defaultGrid } from '../../shared/domain/grid.ts';
import { defaultLadder } from '../../shared/domain/reminder.ts';
import { localDate } from '../../shared/domain/zone.ts';
import { createBitmaps } from '../../shared/redis/availability-bitmaps.ts';
import { connectRedis } from '../../shared/redis/client.ts';
import type { Subscription } from '../../shared/runtime/function.ts';
import { buildServer } from '../../shared/runtime/server.ts';
import { isRedelivered } from '../../shared/runtime/status.ts';
import { requestOf } from '../functions/event-request.ts';
import { mailbox } from '../functions/notifications/world.ts';
import { createDatabase } from '../support/services/database.ts';
import { createRedisDatabase } from '../support/services/redis-database.ts';

const AT_ONCE = 16;
const MOST_ATTEMPTS = 100;
const WINDOW_DAYS = settings.AVAILABILITY_DAYS.fallback ?? 1;

/** The functions that live on events, with the sample data and none of its bookings. */
export async function openReplica() {
  const [database, redisUrl] = await Promise.all([createDatabase(), createRedisDatabase()]);
  const connect = (role: string) => connectDatabase(database.urlFor(role), { applicationName: 'replica' });
  const [ofPractitioner, ofNotification] = [connect('careflow_practitioner'), connect('careflow_notification')];
  const [patients, practitioners] = [connect('careflow_patient_reader'), connect('careflow_practitioner_reader')];
  const laboratory = connect('careflow_laboratory_reader');
  const db = connectDatabase(database.url, { applicationName: 'test' });
  await seed({
    DATABASE_URL_PRACTITIONER: database.urlFor('careflow_practitioner'),
    DATABASE_URL_PATIENT: database.urlFor('careflow_patient'),
  });
  const redis = await connectRedis(redisUrl);
  const box = mailbox();
  const now = () => Temporal.Now.instant();
  const bitmapOf = createBitmaps(redis, { gridOf: () => defaultGrid, days: WINDOW_DAYS });
  const apps = [
    serve(availabilityOf({ db: ofPractitioner, bitmapOf, gridOf: () => defaultGrid, publish: () => undefined, now })),
    serve(
      notificationsOf({
        ...box,
        db: ofNotification,
        patients,
        practitioners,
        laboratory,
        now,
        hearsProviders: true,
        emailFrom: 'no-reply@careflow.example',
        ladder: defaultLadder,
      }),
    ),
  ];
  afterAll(async () => {
    await Promise.all(apps.map((app) => app.close()));
    const all = [ofPractitioner, ofNotification, patients, practitioners, laboratory, db];
    await Promise.all(all.map((each) => each.$client.end()));
    redis.disconnect();
    await database.drop();
  });

  /** Many at a time, each again while its answer asks for it, as a KafkaSource does. Resolves to the last answers. */
  async function deliver(events: readonly AnyEvent[]): Promise<Set<number>> {
    const waiting = apps.flatMap((app) => events.map((event) => ({ app, event })));
    const statuses = new Set<number>();
    const work = async () => {
      for (let next = waiting.pop(); next; next = waiting.pop()) statuses.add(await deliverOne(next));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return statuses;
  }

  return {
    db,
    redisUrl,
    deliver,
    /** Deliveries whose message was sent more than once. */
    repeated: () =>
      [...Map.groupBy(box.sent, ({ deliveryId }) => deliveryId)].filter(([, messages]) => messages.length > 1),
  };
}

function serve(subscriptions: Subscription[]) {
  const fn = { name: 'replica', routes: [], subscriptions, dependencies: {}, close: async () => undefined };
  return buildServer(fn, { log: pino({ level: 'silent' }) });
}

type Parcel = { readonly app: ReturnType<typeof serve>; readonly event: AnyEvent };

async function deliverOne({ app, event }: Parcel): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const { statusCode } = await app.inject(requestOf(event));
    if (!isRedelivered(statusCode) || attempt === MOST_ATTEMPTS) return statusCode;
  }
}

/** What events have led to, without what differs from one arrival to the next. */
export async function stateOf(db: Database, redisUrl: string) {
  const { bookingId, practitionerId, version, active, busyStart, busyEnd, slotStart } = busySlots;
  const busy = await db
    .select({ bookingId, practitionerId, version, active, busyStart, busyEnd, slotStart })
    .from(busySlots)
    .orderBy(asc(bookingId));
  const known = await db.select().from(knownBookings).orderBy(asc(knownBookings.bookingId));
  const pending = await db
    .select({ bookingId: reminders.bookingId, rung: reminders.rung, dueAt: reminders.dueAt })
    .from(reminders)
    .where(eq(reminders.status, 'pending'))
    .orderBy(asc(reminders.bookingId), asc(reminders.rung));
  return plain({ busy, known, reminders: pending, news: await lastNewsOf(db), days: await freeDaysOf(db, redisUrl) });
}

/** Of each booking what was told of its newest state: older news may have been overtaken, or not. */
async function lastNewsOf(db: Database): Promise<string[]> {
  const rows = await db
    .select()
    .from(deliveries)
    .innerJoin(notices, eq(notices.id, deliveries.noticeId))
    .innerJoin(knownBookings, eq(knownBookings.bookingId, notices.subjectId));
  return rows
    .filter(({ notices: told, bookings: known }) => told.subjectVersion === known.version)
    .map(({ notices: { subjectId, eventId, kind }, deliveries: told }) => {
      // Quiet hours may begin or end between two runs.
      const status = told.status === 'held' ? 'sent' : told.status;
      const { recipientType, recipientId, channel, errorCode } = told;
      return [subjectId, eventId, kind, recipientType, recipientId, channel, status, errorCode].join(' ');
    })
    .toSorted();
}

/** The free slots of the days that the bitmap knows, of the practitioners with bookings. */
async function freeDaysOf(db: Database, redisUrl: string) {
  const booked = await db.selectDistinct({ id: busySlots.practitionerId, country: busySlots.country }).from(busySlots);
  const redis = await connectRedis(redisUrl, { timeoutMs: 5_000 });
  const bitmapOf = createBitmaps(redis, { gridOf: () => defaultGrid, days: WINDOW_DAYS });
  const found: Record<string, number[]> = {};
  for (const [country, rows] of Map.groupBy(booked, ({ country }) => country)) {
    const ids = rows.map(({ id }) => id);
    for (const { practitionerId, ordinal, schedule } of await listPractices(db, country, ids)) {
      const today = localDate(schedule.timeZone, Temporal.Now.instant());
      for (const [ahead, bits] of (await bitmapOf(country).read(ordinal, today, WINDOW_DAYS)).entries()) {
        if (bits) found[`${practitionerId} ${ahead}`] = freeSlotsOf(bits);
      }
    }
  }
  redis.disconnect();
  return found;
}

/** Instants as text, so that two states can be compared. */
function plain<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value));
}
