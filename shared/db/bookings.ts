import { and, asc, eq, gte, lt, lte, ne, or, type SQL, sql } from 'drizzle-orm';

import type { IdempotencyClaim } from '../domain/idempotency.ts';
import type { Interval } from '../domain/interval.ts';
import { AppError } from '../errors.ts';
import type { Database, Queryable } from './client.ts';
import { brokenConstraint } from './driver-error.ts';
import type { OutgoingEvent } from './outbox.ts';
import { bookingHistory, bookingIdempotencyKeys, bookingOutbox, bookings } from './schema/booking.ts';
import type { BookingRow, BookingStatus } from './schema/booking.ts';

/** Which rule of the database a write would have broken. */
export type Clash = 'slot-taken' | 'patient-overlap' | 'same-specialty' | 'answered-already';

const CLASHES: Readonly<Record<string, Clash>> = {
  idx_no_double_book: 'slot-taken',
  no_practitioner_overlap: 'slot-taken',
  no_patient_overlap: 'patient-overlap',
  no_same_specialty: 'same-specialty',
  booking_idempotency_keys: 'answered-already',
};

/** Runs a write; resolves to the rule it would have broken, where the database refused it for one. */
export async function clashOf(write: () => Promise<unknown>): Promise<Clash | undefined> {
  try {
    await write();
    return undefined;
  } catch (error) {
    const clash = CLASHES[brokenConstraint(error) ?? ''];
    if (clash === undefined) throw error;
    return clash;
  }
}

/** The hot write: booking, event and idempotency key in one prepared statement and one round trip. */
export type InsertBooking = (
  booking: BookingRow,
  event: OutgoingEvent,
  claim: IdempotencyClaim | undefined,
  answer: { status: number; body: unknown },
) => Promise<unknown>;

export function prepareInsertBooking(db: Database): InsertBooking {
  const slot = sql.placeholder;
  const booked = db.$with('booked').as(
    db
      .insert(bookings)
      .values({
        id: slot('id'),
        country: slot('country'),
        practitionerId: slot('practitionerId'),
        patientId: slot('patientId'),
        visitTypeId: slot('visitTypeId'),
        specialty: slot('specialty'),
        status: slot('status'),
        // The first version; to have it is to have had one's turn.
        version: sql`booking.take_turn(${slot('practitionerId')}, ${slot('patientId')})`,
        slotStart: slot('slotStart'),
        slotEnd: slot('slotEnd'),
        busyStart: slot('busyStart'),
        busyEnd: slot('busyEnd'),
        specialtyWindow: slot('specialtyWindow'),
        holdExpiresAt: slot('holdExpiresAt'),
        actedBy: slot('actedBy'),
        actedAs: slot('actedAs'),
        createdAt: slot('createdAt'),
        updatedAt: slot('updatedAt'),
      })
      .returning({ id: bookings.id }),
  );
  const queued = db.$with('queued').as(
    db
      .insert(bookingOutbox)
      .values({ topic: slot('topic'), partitionKey: slot('partitionKey'), event: slot('event') })
      .returning({ seq: bookingOutbox.seq }),
  );
  const answered = db.$with('answered').as(
    db
      .insert(bookingIdempotencyKeys)
      .values({
        subject: slot('subject'),
        operation: slot('operation'),
        key: slot('key'),
        fingerprint: slot('fingerprint'),
        status: slot('answerStatus'),
        body: slot('body'),
      })
      .returning({ key: bookingIdempotencyKeys.key }),
  );
  const plain = db.with(booked, queued).select({ id: booked.id }).from(booked).prepare('insert_booking');
  const keyed = db
    .with(booked, queued, answered)
    .select({ id: booked.id })
    .from(booked)
    .prepare('insert_keyed_booking');
  return (booking, event, claim, answer) =>
    claim
      ? keyed.execute({ ...booking, ...event, ...claim, answerStatus: answer.status, body: answer.body })
      : plain.execute({ ...booking, ...event });
}

export async function insertBooking(tx: Queryable, booking: BookingRow): Promise<void> {
  await tx.insert(bookings).values(booking);
}

export async function findBooking(db: Queryable, country: string, id: string): Promise<BookingRow | undefined> {
  const [booking] = await db.select().from(bookings).where(inCountry(country, id));
  return booking;
}

/** Reads a booking and keeps it from others until the transaction ends. Throws `not-found`. */
export async function lockBooking(tx: Queryable, country: string, id: string): Promise<BookingRow> {
  const [booking] = await tx.select().from(bookings).where(inCountry(country, id)).for('update');
  if (booking === undefined) throw noSuchBooking();
  return booking;
}

export function noSuchBooking(): AppError {
  return new AppError('not-found', 'There is no such booking.');
}

export type BookingFilter = {
  country: string;
  patientId?: string | undefined;
  practitionerId?: string | undefined;
  from?: Temporal.Instant | undefined;
  to?: Temporal.Instant | undefined;
  status?: BookingStatus | undefined;
};

/** A place in the order of `slotStart`, then `id`. */
export type BookingKey = { slotStart: Temporal.Instant; id: string };

/** Up to `limit` bookings after `after`, by slot start. Holds given back are history, not bookings: never listed unasked. */
export async function listBookings(
  db: Queryable,
  filter: BookingFilter,
  { after, limit }: { after: BookingKey | undefined; limit: number },
): Promise<BookingRow[]> {
  return db
    .select()
    .from(bookings)
    .where(
      and(
        eq(bookings.country, filter.country),
        filter.patientId === undefined ? undefined : eq(bookings.patientId, filter.patientId),
        filter.practitionerId === undefined ? undefined : eq(bookings.practitionerId, filter.practitionerId),
        filter.from && gte(bookings.slotStart, filter.from),
        filter.to && lt(bookings.slotStart, filter.to),
        filter.status === undefined ? ne(bookings.status, 'released') : eq(bookings.status, filter.status),
        after && sql`(${bookings.slotStart}, ${bookings.id}) > (${after.slotStart.toString()}, ${after.id})`,
      ),
    )
    .orderBy(asc(bookings.slotStart), asc(bookings.id))
    .limit(limit);
}

/** Keeps the state a booking leaves, then writes the one it enters. */
export async function saveBooking(
  tx: Queryable,
  { former, next, because }: { former: BookingRow; next: BookingRow; because?: string | undefined },
): Promise<void> {
  await tx.insert(bookingHistory).values({
    bookingId: former.id,
    version: former.version,
    status: former.status,
    slotStart: former.slotStart,
    slotEnd: former.slotEnd,
    actedBy: former.actedBy,
    actedAs: former.actedAs,
    leftBecause: because ?? null,
    leftAt: next.updatedAt,
  });
  await tx.update(bookings).set(next).where(eq(bookings.id, former.id));
}

/** Expired holds of any practitioner, locked; those another transaction has locked are being dealt with. */
export async function lockExpiredHolds(tx: Queryable, now: Temporal.Instant, limit: number): Promise<BookingRow[]> {
  return tx
    .select()
    .from(bookings)
    .where(and(eq(bookings.status, 'held'), lte(bookings.holdExpiresAt, now)))
    .orderBy(asc(bookings.holdExpiresAt))
    .limit(limit)
    .for('update', { skipLocked: true });
}

/**
 * Waits until no other transaction takes time of the practitioner or for the patient; what is read afterwards stays true
 * until the transaction ends. Before any row lock, so that nobody who has a row waits for a turn.
 */
export async function takeTurn(tx: Queryable, parties: { practitionerId: string; patientId: string }): Promise<void> {
  await tx.execute(sql`SELECT booking.take_turn(${parties.practitionerId}, ${parties.patientId})`);
}

/** Held and confirmed bookings, expired holds among them, of the practitioner in one span and of the patient in another. */
export async function listOccupying(
  db: Queryable,
  practitioner: { id: string; span: Interval },
  patient: { id: string; span: Interval },
): Promise<BookingRow[]> {
  const ofPractitioner = sql`tstzrange(${bookings.busyStart}, ${bookings.busyEnd}, '[)') && ${range(practitioner.span)}`;
  const ofPatient = sql`tstzrange(${bookings.slotStart}, ${bookings.slotEnd}, '[)') && ${range(patient.span)}`;
  return db
    .select()
    .from(bookings)
    .where(
      and(
        OCCUPYING,
        or(
          and(eq(bookings.practitionerId, practitioner.id), ofPractitioner),
          and(eq(bookings.patientId, patient.id), ofPatient),
        ),
      ),
    )
    .orderBy(asc(bookings.id));
}

function range({ start, end }: Interval): SQL {
  return sql`tstzrange(${start.toString()}, ${end.toString()}, '[)')`;
}

/** As the constraints say it, in literals: a parameter would keep the planner from their partial indexes. */
const OCCUPYING = sql`${bookings.status} IN ('held', 'confirmed')`;

function inCountry(country: string, id: string): SQL | undefined {
  return and(eq(bookings.country, country), eq(bookings.id, id));
}
