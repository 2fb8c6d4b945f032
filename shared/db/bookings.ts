import { and, asc, eq, gte, lt, lte, ne, or, type SQL, sql } from 'drizzle-orm';

import { refusal } from '../domain/booking.ts';
import type { Interval } from '../domain/interval.ts';
import { AppError } from '../errors.ts';
import type { Queryable } from './client.ts';
import { brokenConstraint } from './driver-error.ts';
import { bookingHistory, bookings } from './schema/booking.ts';
import type { BookingRow, BookingStatus } from './schema/booking.ts';

type Clash = () => AppError;

const slotTaken: Clash = () => refusal([{ code: 'slot-taken' }]);

/** What a write that breaks a constraint is refused with. */
const CLASHES: Readonly<Record<string, Clash>> = {
  idx_no_double_book: slotTaken,
  no_practitioner_overlap: slotTaken,
  booking_idempotency_keys: () => new AppError('in-progress', 'The same request is still under way.'),
};

/**
 * Runs a write. Throws `conflict` with the reason where a constraint refuses it, and `in-progress` where its idempotency
 * key has been taken meanwhile.
 */
export async function refusingClashes<Result>(write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    throw clashOf(error)?.() ?? error;
  }
}

/** What the write has to be refused with, if it broke a constraint. */
export function clashOf(error: unknown): Clash | undefined {
  const constraint = brokenConstraint(error);
  return constraint === undefined ? undefined : CLASHES[constraint];
}

export async function insertBooking(tx: Queryable, booking: BookingRow): Promise<void> {
  await tx.insert(bookings).values(booking);
}

/** A booking is found in its own country only. */
export type BookingId = { readonly country: string; readonly id: string };

export async function findBooking(db: Queryable, id: BookingId): Promise<BookingRow | undefined> {
  const [booking] = await db.select().from(bookings).where(identity(id));
  return booking;
}

/** Reads a booking and keeps it from others until the transaction ends. Throws `not-found`. */
export async function lockBooking(tx: Queryable, id: BookingId): Promise<BookingRow> {
  const [booking] = await tx.select().from(bookings).where(identity(id)).for('update');
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

function identity({ country, id }: BookingId): SQL | undefined {
  return and(eq(bookings.country, country), eq(bookings.id, id));
}
