import type { listBookings as contract } from '../../schemas/api/booking.ts';
import { type BookingKey, listBookings as list } from '../../shared/db/bookings.ts';
import type { BookingRow } from '../../shared/db/schema/booking.ts';
import { AppError } from '../../shared/errors.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { mustSelect } from './access.ts';
import type { Deps } from './deps.ts';
import { represent } from './representation.ts';

/** `GET /{country}/bookings`: a page at a time, stable while bookings come and go. */
export function listBookings({ db, lookups }: Deps): Operation<typeof contract> {
  return async ({ country, cursor, limit, from, to, status, ...named }, { caller }) => {
    const parties = { patientId: named.patientId?.toLowerCase(), practitionerId: named.practitionerId?.toLowerCase() };
    await mustSelect(lookups, caller, parties);
    const span = { from: instantOf(from), to: instantOf(to) };
    const after = cursor === undefined ? undefined : readCursor(cursor);
    const found = await list(db, { country, status, ...parties, ...span }, { after, limit: limit + 1 });
    const items = found.slice(0, limit);
    const last = found.length > limit ? items.at(-1) : undefined;
    return { body: { items: items.map(represent), nextCursor: last ? writeCursor(last) : null } };
  };
}

function instantOf(text: string | undefined): Temporal.Instant | undefined {
  return text === undefined ? undefined : Temporal.Instant.from(text);
}

const CURSOR = /^(\d{1,13})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

function writeCursor({ slotStart, id }: BookingRow): string {
  return Buffer.from(`${slotStart.epochMilliseconds}.${id}`).toString('base64url');
}

function readCursor(cursor: string): BookingKey {
  const [, ms, id] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (ms === undefined || id === undefined) {
    throw new AppError('invalid-input', 'The cursor is not one that a page was answered with.');
  }
  return { slotStart: Temporal.Instant.fromEpochMilliseconds(Number(ms)), id };
}
