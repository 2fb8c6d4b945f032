import { and, asc, eq, gt, gte, lt, lte, ne, or, type SQL, sql } from 'drizzle-orm';

import type { IdempotencyClaim } from '../domain/idempotency.ts';
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

/** A slot of a practitioner that somebody wants, with its buffers. */
export type WantedSlot = Pick<
  BookingRow,
  'practitionerId' | 'patientId' | 'specialty' | 'slotStart' | 'slotEnd' | 'busyStart' | 'busyEnd'
>;

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
        version: slot('version'),
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

/** Holds past their expiry that overlap the wanted slot, of the practitioner or the patient, locked. */
export async function lockStaleHolds(tx: Queryable, wanted: WantedSlot, now: Temporal.Instant): Promise<BookingRow[]> {
  return tx
    .select()
    .from(bookings)
    .where(
      and(
        eq(bookings.status, 'held'),
        lte(bookings.holdExpiresAt, now),
        or(occupiesPractitioner(wanted), occupiesPatient(wanted)),
      ),
    )
    .orderBy(asc(bookings.id))
    .for('update');
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

/** Bookings and live holds that stand in the way of the wanted slot, whatever the rule. */
export async function listRivals(
  db: Queryable,
  wanted: WantedSlot & { specialtyDays: number },
  { now, except }: { now: Temporal.Instant; except?: string | undefined },
): Promise<BookingRow[]> {
  const reach = Temporal.Duration.from({ hours: wanted.specialtyDays * 24 });
  return db
    .select()
    .from(bookings)
    .where(
      and(
        live(now),
        except === undefined ? undefined : ne(bookings.id, except),
        or(
          occupiesPractitioner(wanted),
          occupiesPatient(wanted),
          and(
            eq(bookings.patientId, wanted.patientId),
            eq(bookings.specialty, wanted.specialty),
            eq(bookings.status, 'confirmed'),
            gt(bookings.slotStart, wanted.slotStart.subtract(reach)),
            lt(bookings.slotStart, wanted.slotStart.add(reach)),
          ),
        ),
      ),
    );
}

/** How many visits of the type the practitioner has that start from `from` until before `to`, holds included. */
export async function countVisits(
  db: Queryable,
  visitTypeId: string,
  { from, to, now, except }: { from: Temporal.Instant; to: Temporal.Instant; now: Temporal.Instant; except?: string },
): Promise<number> {
  return db.$count(
    bookings,
    and(
      eq(bookings.visitTypeId, visitTypeId),
      gte(bookings.slotStart, from),
      lt(bookings.slotStart, to),
      live(now),
      except === undefined ? undefined : ne(bookings.id, except),
    ),
  );
}

/** Keeps others from counting the visits of the type on that day until the transaction ends. */
export async function lockVisitCount(tx: Queryable, visitTypeId: string, day: Temporal.PlainDate): Promise<void> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${`${visitTypeId} ${day.toString()}`}, 1))`);
}

/** What occupies a practitioner between two instants. */
export async function listBusy(
  db: Queryable,
  practitionerId: string,
  { from, to, now }: { from: Temporal.Instant; to: Temporal.Instant; now: Temporal.Instant },
): Promise<{ start: Temporal.Instant; end: Temporal.Instant }[]> {
  return db
    .select({ start: bookings.busyStart, end: bookings.busyEnd })
    .from(bookings)
    .where(and(live(now), overlapsPractitioner(practitionerId, from, to)));
}

/** As the constraints say it, in literals: a parameter would keep the planner from their partial indexes. */
const OCCUPYING = sql`${bookings.status} IN ('held', 'confirmed')`;

function inCountry(country: string, id: string): SQL | undefined {
  return and(eq(bookings.country, country), eq(bookings.id, id));
}

function live(now: Temporal.Instant): SQL | undefined {
  return or(eq(bookings.status, 'confirmed'), and(eq(bookings.status, 'held'), gt(bookings.holdExpiresAt, now)));
}

/** Written as the exclusion constraint is, so that its index serves. */
function overlapsPractitioner(practitionerId: string, from: Temporal.Instant, to: Temporal.Instant): SQL | undefined {
  return and(
    OCCUPYING,
    eq(bookings.practitionerId, practitionerId),
    sql`tstzrange(${bookings.busyStart}, ${bookings.busyEnd}, '[)') && tstzrange(${from.toString()}, ${to.toString()}, '[)')`,
  );
}

function occupiesPractitioner({ practitionerId, busyStart, busyEnd }: WantedSlot): SQL | undefined {
  return overlapsPractitioner(practitionerId, busyStart, busyEnd);
}

function occupiesPatient({ patientId, slotStart, slotEnd }: WantedSlot): SQL | undefined {
  return and(
    OCCUPYING,
    eq(bookings.patientId, patientId),
    sql`tstzrange(${bookings.slotStart}, ${bookings.slotEnd}, '[)') && tstzrange(${slotStart.toString()}, ${slotEnd.toString()}, '[)')`,
  );
}
