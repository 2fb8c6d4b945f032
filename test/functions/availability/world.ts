import { randomUUID } from 'node:crypto';

import type pg from 'pg';
import { pino } from 'pino';

import { getAvailability } from '../../../functions/availability/get-availability.ts';
import { listAvailability } from '../../../functions/availability/list-availability.ts';
import { subscriptionsOf } from '../../../functions/availability/subscriptions.ts';
import * as api from '../../../schemas/api/availability.ts';
import * as bookings from '../../../schemas/events/booking.v1.ts';
import type { AnyEvent, EventContract } from '../../../schemas/events/contract.ts';
import { PractitionerScheduleChanged } from '../../../schemas/events/practitioner.v1.ts';
import { lockDays } from '../../../shared/db/availability.ts';
import { connectDatabase } from '../../../shared/db/client.ts';
import { practitioners, scheduleExceptions, visitTypes, workingHours } from '../../../shared/db/schema/practitioner.ts';
import { defaultGrid, type Grid } from '../../../shared/domain/grid.ts';
import { createAvailabilityBitmap, type AvailabilityBitmap } from '../../../shared/redis/availability-bitmap.ts';
import { connectRedis } from '../../../shared/redis/client.ts';
import { route } from '../../../shared/runtime/route.ts';
import { buildServer } from '../../../shared/runtime/server.ts';
import { createDatabase } from '../../support/services/database.ts';
import { until } from '../../support/until.ts';
import { createRedisDatabase } from '../../support/services/redis-database.ts';
import { requestOf } from '../event-request.ts';

/** Monday, 7 January 2030, 07:00 in Paris. */
export const MORNING = '2030-01-07T06:00:00Z';
export const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const WINDOW_DAYS = 30;

export type WorldOptions = {
  readonly redisUrl?: string;
  readonly grid?: Grid;
  readonly time?: string;
};

/** The function over databases of its own; the clock stands still until it is set. */
export async function openWorld({ redisUrl, grid = defaultGrid, time = MORNING }: WorldOptions = {}) {
  const database = await createDatabase();
  const admin = connectDatabase(database.url, { applicationName: 'test' });
  const urls = {
    practitioner: database.urlFor('careflow_practitioner'),
    reader: database.urlFor('careflow_practitioner_reader'),
    patients: database.urlFor('careflow_patient_reader'),
    superuser: database.url,
    redis: redisUrl ?? (await createRedisDatabase()),
    eventLog: database.url,
  };
  const redis = await connectRedis(urls.redis);
  const clock = { now: Temporal.Instant.from(time) };
  const now = () => clock.now;
  const nowMs = () => clock.now.epochMilliseconds;
  const bitmap = createAvailabilityBitmap(redis, { country: 'fr', grid, days: WINDOW_DAYS, nowMs });
  const closers: (() => Promise<unknown>)[] = [];

  /** Another process of the function, over the same databases; its bitmap may be got at. */
  function startFunction(bitmapOf: () => AvailabilityBitmap = () => bitmap) {
    const db = connectDatabase(urls.practitioner, { applicationName: 'availability' });
    const deps = { db, bitmapOf, gridOf: () => grid, publish: () => undefined, now };
    const app = buildServer(
      {
        name: 'availability',
        routes: [
          route(api.getAvailability, getAvailability(deps)),
          route(api.listAvailability, listAvailability(deps)),
        ],
        subscriptions: subscriptionsOf(deps),
        authenticate: async () => ({
          subject: randomUUID(),
          roles: ['patient'],
          scopes: ['availability:read'],
          country: 'fr',
        }),
        dependencies: {},
        close: async () => undefined,
      },
      { log: pino({ level: 'silent' }) },
    );
    closers.push(async () => {
      await app.close();
      await db.$client.end();
    });
    return {
      deliver: async (event: AnyEvent): Promise<number> => (await app.inject(requestOf(event))).statusCode,
      async get(path: string) {
        const { statusCode: status, payload } = await app.inject({
          url: path,
          headers: { authorization: 'Bearer any' },
        });
        return { status, body: JSON.parse(payload) };
      },
    };
  }

  const fn = startFunction();

  async function rows<Row extends pg.QueryResultRow>(query: string, values: unknown[] = []): Promise<Row[]> {
    return (await admin.$client.query<Row>(query, values)).rows;
  }

  async function addVisitType(
    practitionerId: string,
    rules: Partial<typeof visitTypes.$inferInsert> = {},
  ): Promise<string> {
    const id = randomUUID();
    const kind = { name: 'Visit', specialty: 'dentist', mode: 'in-person', durationMinutes: 30 } as const;
    await admin.insert(visitTypes).values({ country: 'fr', id, practitionerId, ...kind, ...rules });
    return id;
  }

  let ordinals = 0;

  return {
    ...fn,
    startFunction,
    urls,
    bitmap,
    redis,
    rows,
    setTime: (text: string) => {
      clock.now = Temporal.Instant.from(text);
    },

    /** Works from 09:00 to 12:00, every day, and offers visits of half an hour unless told otherwise. */
    async addPractitioner({
      timeZone = 'Europe/Paris',
      hours = { startMinute: 540, endMinute: 720 },
      offersVisit = true,
    }: NewPractitioner = {}): Promise<Practitioner> {
      const practitionerId = randomUUID();
      const ordinal = (ordinals += 1);
      await admin.insert(practitioners).values({
        country: 'fr',
        id: practitionerId,
        ordinal,
        givenName: 'Jeanne',
        familyName: 'Lefèvre',
        specialties: ['dentist'],
        languages: ['fr'],
        timeZone,
        address: '12 rue des Lilas',
        city: 'Lyon',
        latitude: 45,
        longitude: 4,
        language: 'fr',
      });
      await admin
        .insert(workingHours)
        .values([1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ country: 'fr', practitionerId, weekday, ...hours })));
      if (offersVisit) await addVisitType(practitionerId);
      return { id: practitionerId, ordinal };
    },

    addVisitType,

    async addException(
      practitionerId: string,
      kind: 'closed' | 'open',
      days: readonly [string, string],
      minutes: { startMinute?: number; endMinute?: number } = {},
    ): Promise<void> {
      const [firstDay, lastDay] = [Temporal.PlainDate.from(days[0]), Temporal.PlainDate.from(days[1])];
      const id = randomUUID();
      await admin
        .insert(scheduleExceptions)
        .values({ country: 'fr', id, practitionerId, kind, firstDay, lastDay, ...minutes });
    },

    /** Resolves when a transaction waits for the turn of another. */
    untilSomebodyWaitsForALock: () =>
      until(async () => (await rows("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")).length > 0, {
        what: 'a transaction that waits for a lock',
      }),

    /** Holds the turn to write a practitioner's days, as a recompute does. */
    async lockDaysOf(practitionerId: string): Promise<() => Promise<void>> {
      const [locked, done] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const held = admin.transaction(async (tx) => {
        await lockDays(tx, practitionerId);
        locked.resolve();
        await done.promise;
      });
      await locked.promise;
      return async () => {
        done.resolve();
        await held;
      };
    },

    /** Delivers as a KafkaSource does: again while the answer asks for it. */
    async deliverUntilDone(event: AnyEvent, to = fn): Promise<number> {
      for (let attempt = 0; attempt < 50; attempt += 1) {
        const status = await to.deliver(event);
        if (status !== 409 && status !== 429 && status < 500) return status;
      }
      throw new Error('never done');
    },

    /** The starts of one day, as local times of Paris. */
    async starts(practitionerId: string, date: string, more = ''): Promise<string[]> {
      const { body } = await fn.get(`/fr/practitioners/${practitionerId}/availability?from=${date}&days=1${more}`);
      return body.days.flatMap((day: Day) => day.slots.map(({ start }) => localTime(start)));
    },

    /** AvailabilityChanged events of a practitioner, in the order they were enqueued. */
    async told(practitionerId: string): Promise<{ date: string; freeSlots: number; nextAvailable: string | null }[]> {
      const events = await rows<{ event: AnyEvent & { data: never } }>(
        'SELECT event FROM practitioner.outbox WHERE partition_key = $1 ORDER BY seq',
        [practitionerId],
      );
      return events.map(({ event }) => event.data);
    },

    async close() {
      await Promise.all(closers.map((each) => each()));
      redis.disconnect();
      await admin.$client.end();
      await database.drop();
    },
  };
}

export type World = Awaited<ReturnType<typeof openWorld>>;
export type Practitioner = { readonly id: string; readonly ordinal: number };
export type Day = { readonly date: string; readonly slots: readonly { start: string; end: string }[] };
type NewPractitioner = {
  readonly timeZone?: string;
  readonly hours?: { startMinute: number; endMinute: number };
  readonly offersVisit?: boolean;
};

export function localTime(instant: string, timeZone = 'Europe/Paris'): string {
  return Temporal.Instant.from(instant).toZonedDateTimeISO(timeZone).toPlainTime().toString({ smallestUnit: 'minute' });
}

type Shape = {
  readonly minutes?: number;
  readonly before?: number;
  readonly after?: number;
  readonly visitTypeId?: string;
};

/** A booking's events as its function publishes them, each one version after the last. */
export function bookingOf(practitionerId: string, start: string, shape: Shape = {}) {
  const { minutes = 30, before = 0, after = 0, visitTypeId = randomUUID() } = shape;
  const ids = { bookingId: randomUUID(), country: 'fr', practitionerId, patientId: randomUUID(), visitTypeId };
  let version = 0;
  let slot = slotAt(start);

  function slotAt(text: string) {
    const slotStart = Temporal.Instant.from(text);
    const slotEnd = slotStart.add({ minutes });
    return {
      slotStart: slotStart.toString(),
      slotEnd: slotEnd.toString(),
      busyStart: slotStart.subtract({ minutes: before }).toString(),
      busyEnd: slotEnd.add({ minutes: after }).toString(),
    };
  }

  function event(contract: EventContract, more: object = {}): AnyEvent {
    version += 1;
    return eventOf(contract, ids.bookingId, practitionerId, { ...ids, version, ...slot, ...more });
  }

  return {
    created: () => event(bookings.BookingCreated),
    held: () => event(bookings.BookingHeld, { expiresAt: MORNING }),
    released: () => event(bookings.BookingReleased, { cause: 'expired' }),
    cancelled: () => event(bookings.BookingCancelled, { cancelledBy: 'patient' }),
    completed: () => event(bookings.BookingCompleted),
    noShow: () => event(bookings.BookingNoShow),
    rescheduled: (to: string) => {
      const previous = { previousSlotStart: slot.slotStart, previousSlotEnd: slot.slotEnd };
      slot = slotAt(to);
      return event(bookings.BookingRescheduled, previous);
    },
  };
}

export function scheduleChanged(practitionerId: string, days: { from: string; to?: string }): AnyEvent {
  const data = { practitionerId, country: 'fr', version: 2, ...days };
  return eventOf(PractitionerScheduleChanged, practitionerId, practitionerId, data);
}

function eventOf(contract: EventContract, subject: string, partitionkey: string, data: object): AnyEvent {
  const source = contract.source ?? '';
  const { type, dataschema } = contract;
  return {
    specversion: '1.0',
    id: randomUUID(),
    source,
    type,
    dataschema,
    subject,
    partitionkey,
    time: MORNING,
    traceparent: TRACE,
    data,
  };
}
