import { randomBytes, randomUUID } from 'node:crypto';

import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { takeTurn } from '../../../shared/db/bookings.ts';
import { connectDatabase, type Database } from '../../../shared/db/client.ts';
import { createGroupInsert, type InsertAtOnce } from '../../../shared/db/group-insert.ts';
import type { NewBooking } from '../../../shared/db/insert-bookings.ts';
import { bookingIdempotencyKeys, bookingOutbox, bookings } from '../../../shared/db/schema/booking.ts';
import type { AppError } from '../../../shared/errors.ts';
import { createDatabase, type TestDatabase } from '../../support/services/database.ts';

const slotStart = Temporal.Instant.from('2031-03-03T09:00:00Z');
const now = Temporal.Instant.from('2031-01-01T00:00:00Z');

type Wanted = Partial<NewBooking['booking']> & Partial<Pick<NewBooking, 'apartFrom' | 'claim'>>;

function aBooking({ apartFrom = null, claim, ...wanted }: Wanted = {}): NewBooking {
  const start = wanted.slotStart ?? slotStart;
  const end = start.add({ minutes: 30 });
  const booking: NewBooking['booking'] = {
    id: randomUUID(),
    country: 'fr',
    practitionerId: randomUUID(),
    patientId: randomUUID(),
    visitTypeId: randomUUID(),
    specialty: 'general-practice',
    status: 'confirmed',
    version: 1,
    slotStart: start,
    slotEnd: end,
    busyStart: start,
    busyEnd: end,
    holdExpiresAt: null,
    actedBy: 'somebody',
    actedAs: 'patient',
    createdAt: now,
    updatedAt: now,
    ...wanted,
  };
  const event = {
    specversion: '1.0' as const,
    id: randomUUID(),
    source: '/careflow/booking',
    type: 'careflow.booking.created.v1',
    subject: booking.id,
    time: now.toString(),
    partitionkey: booking.practitionerId,
    data: {},
  };
  return {
    booking,
    apartFrom,
    claim,
    event: { topic: 'booking-events', partitionKey: booking.practitionerId, event },
    answer: { status: 201, body: { id: booking.id, note: 'Zoë "quoted" \\ it' } },
  };
}

describe('bookings wanted at once', () => {
  let database: TestDatabase;
  let db: Database;
  let insertAtOnce: InsertAtOnce;

  beforeAll(async () => {
    database = await createDatabase();
    db = connectDatabase(database.urlFor('careflow_booking'), { applicationName: 'test' });
    insertAtOnce = createGroupInsert(db);
  });
  afterAll(async () => {
    await db.$client.end();
    await database.drop();
  });

  async function insertAll(...wanted: readonly NewBooking[]): Promise<boolean[]> {
    return Promise.all(wanted.map(insertAtOnce));
  }

  async function stored({ booking }: NewBooking) {
    const [row] = await db.select().from(bookings).where(eq(bookings.id, booking.id));
    const events = await db.select().from(bookingOutbox).where(eq(bookingOutbox.partitionKey, booking.practitionerId));
    return { row, events: events.map(({ event }) => event) };
  }

  it('are written in one commit, each as it was wanted, with its event', async () => {
    const holdExpiresAt = now.add({ minutes: 10 });
    const wanted = [aBooking(), aBooking({ status: 'held', holdExpiresAt }), aBooking()];
    expect(await insertAll(...wanted)).toEqual([true, true, true]);
    for (const one of wanted) expect(await stored(one)).toEqual({ row: one.booking, events: [one.event.event] });
    const ids = sql.param(wanted.map(({ booking }) => booking.id));
    const commits = sql`SELECT DISTINCT xmin::text FROM ${bookings} WHERE id = ANY(${ids})`;
    expect((await db.execute(commits)).rowCount).toBe(1);
  });

  it('keep the answer under the key of who asked, to the letter', async () => {
    const claim = { subject: 'zoë', operation: 'createBooking', key: randomUUID(), fingerprint: randomBytes(32) };
    const [keyed, plain] = [aBooking({ claim }), aBooking()];
    expect(await insertAll(keyed, plain)).toEqual([true, true]);
    const answers = await db.select().from(bookingIdempotencyKeys).where(eq(bookingIdempotencyKeys.key, claim.key));
    expect(answers).toMatchObject([{ ...claim, status: 201, body: keyed.answer.body }]);
  });

  it('are not written where something is in the way, and the others are', async () => {
    const there = aBooking();
    await insertAll(there);
    const { practitionerId, patientId } = there.booking;
    const sameSlot = aBooking({ practitionerId });
    const overlapping = aBooking({ practitionerId, slotStart: slotStart.add({ minutes: 15 }) });
    const elsewhere = aBooking({ patientId, slotStart: slotStart.subtract({ minutes: 15 }) });
    const near = aBooking({ patientId, slotStart: slotStart.add({ hours: 72 }), apartFrom: 'general-practice' });
    const kept = aBooking({ patientId, slotStart: slotStart.add({ hours: 48 }) });
    const other = aBooking();
    expect(await insertAll(sameSlot, overlapping, elsewhere, near, kept, other)).toEqual([
      false,
      false,
      false,
      false,
      true,
      true,
    ]);
    for (const one of [sameSlot, overlapping, elsewhere, near]) {
      expect((await stored(one)).row).toBeUndefined();
      expect((await stored(one)).events).not.toContainEqual(one.event.event);
    }
  });

  it('of one practitioner or patient go one after the other, and the first has it', async () => {
    const [practitionerId, patientId] = [randomUUID(), randomUUID()];
    const rivals = Array.from({ length: 20 }, () => aBooking({ practitionerId }));
    const twins = Array.from({ length: 20 }, () => aBooking({ patientId }));
    expect((await insertAll(...rivals)).filter(Boolean)).toHaveLength(1);
    expect((await insertAll(...twins)).filter(Boolean)).toHaveLength(1);
    const day = Array.from({ length: 12 }, (_, hour) =>
      aBooking({ practitionerId, slotStart: slotStart.add({ hours: 24 + hour }) }),
    );
    expect(await insertAll(...day)).toEqual(day.map(() => true));
  });

  it('are written though one of them uses a key that is taken', async () => {
    const claim = { subject: 'somebody', operation: 'createBooking', key: randomUUID(), fingerprint: randomBytes(32) };
    await insertAll(aBooking({ claim }));
    const again = aBooking({ claim });
    expect(await insertAll(aBooking(), again, aBooking())).toEqual([true, false, true]);
    expect(await stored(again)).toEqual({ row: undefined, events: [] });
  });

  it('do not wait for who has the turn', async () => {
    const [wanted, other] = [aBooking(), aBooking()];
    const answers = await db.transaction(async (tx) => {
      await takeTurn(tx, { ...wanted.booking, practitionerId: randomUUID() });
      return insertAll(wanted, other);
    });
    expect(answers).toEqual([false, true]);
    expect(await insertAll(wanted)).toEqual([true]);
  });

  it('are all told where the database is away', async () => {
    const nobody = connectDatabase('postgres://nobody@127.0.0.1:1/none', { applicationName: 'test' });
    const outcomes = await Promise.allSettled([aBooking(), aBooking()].map(createGroupInsert(nobody)));
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && (outcome.reason as AppError).code)).toEqual([
      'unavailable',
      'unavailable',
    ]);
    await nobody.$client.end();
  });
});
