import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { asc, eq, max, type SQL } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { createDice } from '../../infra/seed/dice.ts';
import { Availability } from '../../schemas/api/availability.ts';
import { Booking } from '../../schemas/api/booking.ts';
import { BookingCreated } from '../../schemas/events/booking.v1.ts';
import { connectDatabase, type Database } from '../../shared/db/client.ts';
import { bookingOutbox } from '../../shared/db/schema/booking.ts';
import { deliveries, notices } from '../../shared/db/schema/notification.ts';
import { busySlots, practitioners } from '../../shared/db/schema/practitioner.ts';
import { encodeEvent } from '../../shared/events/encode.ts';
import type { EventLog, LogRecord } from '../../shared/events/event-log.ts';
import { openEventLog } from '../../shared/events/open-event-log.ts';
import { createClient } from '../load/client.ts';
import { shuffled } from '../load/offers.ts';
import { untilQuiet } from '../load/quiet.ts';
import { load } from '../load/run.ts';
import { createTally } from '../load/tally.ts';
import { until } from '../support/until.ts';
import { startTestPlatform, type TestPlatform } from './platform.ts';
import { openReplica, stateOf } from './replica.ts';

const TOPIC = BookingCreated.topic;
const deadLetterTopics = ['dead-letters-availability', 'dead-letters-notifications'];

let platform: TestPlatform;
let db: Database;
let eventLog: EventLog;
beforeAll(async () => {
  platform = await startTestPlatform('postgres');
  const { DATABASE_URL = '', EVENT_LOG_URL = '' } = platform.running.platform.environment;
  db = connectDatabase(DATABASE_URL, { applicationName: 'test' });
  eventLog = openEventLog(EVENT_LOG_URL, { clientId: 'test' });
}, 180_000);
afterAll(async () => {
  await Promise.all([db.$client.end(), eventLog.close()]);
  await platform.stop();
});

describe('a run of bookings', () => {
  it('ends in the same state when each of its events comes twice, at once and shuffled', async () => {
    const { platform: running } = platform.running;
    const tally = createTally();
    const client = createClient({
      platform: running,
      subject: `replay-${randomUUID()}`,
      tally,
      connections: 4,
      deadlineMs: 60_000,
    });
    await load(
      { platform: running, dice: createDice('replay'), bookings: 60, concurrency: 4, say: () => undefined },
      client,
      tally,
    );
    await client.close();
    await untilQuiet({ db, eventLog });

    const outbox = await db.select({ event: bookingOutbox.event }).from(bookingOutbox).orderBy(asc(bookingOutbox.seq));
    const events = outbox.map(({ event }) => event);
    const replica = await openReplica();
    const statuses = await replica.deliver(shuffled([...events, ...events], createDice('shuffle')));
    expect(statuses).toEqual(new Set([204]));

    const { REDIS_URL = '' } = running.environment;
    const [ended, replayed] = [await stateOf(db, REDIS_URL), await stateOf(replica.db, replica.redisUrl)];
    expect(events.length).toBeGreaterThan(65);
    expect(ended.busy).toHaveLength(60);
    expect(replayed.busy).toEqual(ended.busy);
    expect(replayed.known).toEqual(ended.known);
    expect(replayed.reminders).toEqual(ended.reminders);
    expect(replayed.news).toEqual(ended.news);
    expect(replayed.days).toEqual(ended.days);
    expect(replica.repeated()).toEqual([]);
  }, 180_000);
});

describe('what is no event of the contract', () => {
  it('goes to the dead letters at its first attempt, with its reason, and holds up nobody', async () => {
    const { practitionerId: key } = platform.sample;
    const valid = encodeEvent(TOPIC, eventOf(key));
    const broken = { ...valid, headers: renamed(valid), value: Buffer.from(JSON.stringify({ bookingId: 'nobody' })) };
    const half = { ...valid, headers: { ...valid.headers } };
    delete half.headers['ce_specversion'];
    const tombstone = { topic: TOPIC, key, headers: {}, value: null };
    const garbage = { topic: TOPIC, key, headers: { note: 'x' }, value: Buffer.from([0, 255, 254, 7]) };
    const before = await letters();
    await eventLog.append([broken, half, tombstone, garbage]);
    await mustBook();

    const dead = await until(
      async () => {
        const found = (await letters()).slice(before.length);
        return found.length >= 8 ? found : undefined;
      },
      { what: 'four dead letters of each function', timeoutMs: 60_000 },
    );
    const told = dead.map(({ status, reason, position }) => `${position.split('/')[0]}: ${status} ${reason}`);
    expect(told.toSorted()).toEqual(
      deadLetterTopics.flatMap((topic) =>
        ['foreign-record', 'foreign-record', 'invalid-data', 'tombstone'].map((reason) => `${topic}: 422 ${reason}`),
      ),
    );
    const refusals = platform.lines.filter(({ route, status }) => route === '/events' && status !== 204);
    expect(refusals.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 422));
  }, 120_000);

  it('comes back when its cause is mended, and has its effect once', async () => {
    const practitionerId = randomUUID();
    const event = eventOf(practitionerId);
    await eventLog.append([encodeEvent(TOPIC, event)]);
    const dead = await until(
      async () => {
        const found = (await letters()).filter(({ id }) => id === event.id);
        return found.length >= 2 ? found : undefined;
      },
      { what: 'the dead letter of both functions', timeoutMs: 60_000 },
    );
    expect(dead.map(({ status }) => status)).toEqual([422, 422]);

    await addTwinOf(platform.sample.practitionerId, practitionerId);
    await deadLetters('redrive', event.id);
    await until(async () => (await busyOf(practitionerId)).length === 1, { what: 'the slot', timeoutMs: 60_000 });
    await until(async () => (await toldOf(event.id)).every(({ status }) => status === 'sent'), {
      what: 'the messages',
      timeoutMs: 60_000,
    });
    expect((await letters()).filter(({ redrivenAt }) => redrivenAt !== null).map(({ id }) => id)).toEqual([
      event.id,
      event.id,
    ]);
  }, 120_000);
});

const Letters = z.array(
  z.object({
    id: z.string(),
    position: z.string(),
    status: z.int().nullable(),
    reason: z.string().nullable(),
    redrivenAt: z.string().nullable(),
  }),
);

/** As the command lists them. */
async function letters(): Promise<z.infer<typeof Letters>> {
  return Letters.parse(JSON.parse(await deadLetters('list', '--json')));
}

const command = fileURLToPath(new URL('../../infra/dead-letters/main.ts', import.meta.url));

async function deadLetters(...args: string[]): Promise<string> {
  const { EVENT_LOG_URL } = platform.running.platform.environment;
  const environment = { PATH: process.env['PATH'], EVENT_LOG_URL };
  const { stdout } = await promisify(execFile)(process.execPath, [command, ...args], { env: environment });
  return stdout;
}

/** Of the practitioner whose partition the others are in. */
async function mustBook(): Promise<void> {
  const token = await platform.token('patient', platform.sample.patientId);
  const { practitionerId, visitTypeId } = platform.sample;
  const shown = await platform.call(
    `/fr/practitioners/${practitionerId}/availability?visitTypeId=${visitTypeId}`,
    token,
  );
  const { nextAvailable: slotStart } = Availability.parse(await shown.json());
  const answer = await platform.call('/fr/bookings', token, { ...platform.sample, slotStart, sameSpecialty: 'keep' });
  expect(answer.status).toBe(201);
  const { id } = Booking.parse(await answer.json());
  const newest = () => listTold(eq(notices.subjectId, id));
  const isTold = async () => {
    const told = await newest();
    return told.length >= 4 && told.every(({ status }) => status === 'sent');
  };
  await until(isTold, { what: 'the messages of the next booking', timeoutMs: 60_000 });
  const busy = () => db.select().from(busySlots).where(eq(busySlots.bookingId, id));
  await until(async () => (await busy()).length === 1, { what: 'the slot of the next booking', timeoutMs: 60_000 });
}

/** A booking that nobody made, far enough ahead that nobody is reminded of it. */
function eventOf(practitionerId: string) {
  const slotStart = Temporal.Now.instant()
    .round({ smallestUnit: 'hour' })
    .add({ hours: 24 * 60 });
  const [start, end] = [slotStart.toString(), slotStart.add({ minutes: 30 }).toString()];
  const { patientId, visitTypeId } = platform.sample;
  const bookingId = randomUUID();
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: BookingCreated.source,
    type: BookingCreated.type,
    subject: bookingId,
    time: Temporal.Now.instant().toString(),
    datacontenttype: 'application/json',
    dataschema: BookingCreated.dataschema,
    partitionkey: practitionerId,
    data: {
      bookingId,
      version: 1,
      country: 'fr',
      practitionerId,
      patientId,
      visitTypeId,
      slotStart: start,
      slotEnd: end,
      busyStart: start,
      busyEnd: end,
    },
  } as const;
}

function renamed({ headers }: LogRecord): LogRecord['headers'] {
  return { ...headers, ce_id: randomUUID() };
}

async function addTwinOf(practitionerId: string, id: string): Promise<void> {
  const [sample] = await db.select().from(practitioners).where(eq(practitioners.id, practitionerId));
  const [last] = await db.select({ ordinal: max(practitioners.ordinal) }).from(practitioners);
  if (!sample) throw new Error('there is no sample practitioner');
  await db.insert(practitioners).values({ ...sample, id, ordinal: (last?.ordinal ?? 0) + 1 });
}

async function busyOf(practitionerId: string) {
  return db.select().from(busySlots).where(eq(busySlots.practitionerId, practitionerId));
}

async function toldOf(eventId: string) {
  return listTold(eq(notices.eventId, eventId));
}

async function listTold(which: SQL) {
  const told = await db.select().from(deliveries).innerJoin(notices, eq(notices.id, deliveries.noticeId)).where(which);
  return told.map((row) => row.deliveries);
}
