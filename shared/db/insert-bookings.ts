import { getTableColumns, type SQL, sql } from 'drizzle-orm';

import type { IdempotencyClaim } from '../domain/idempotency.ts';
import type { Database } from './client.ts';
import type { OutgoingEvent } from './outbox.ts';
import { bookingIdempotencyKeys, bookingOutbox, type BookingRow, bookings } from './schema/booking.ts';
import { statement } from './statement.ts';

/** A booking to be written where nothing is in its way, with its event and what its caller is answered. */
export type NewBooking = {
  readonly booking: BookingRow;
  /** The specialty of which the patient is to have no other confirmed visit near by; null where they may. */
  readonly apartFrom: string | null;
  readonly event: OutgoingEvent;
  readonly claim: IdempotencyClaim | undefined;
  readonly answer: { readonly status: number; readonly body: unknown };
};

const COLUMNS = Object.entries(getTableColumns(bookings));

/** One parameter, whatever it holds: a list of parameters would cost more than what they are written for. */
const WANTED = sql`wanted AS (
  SELECT * FROM json_to_recordset(${sql.placeholder('wanted')}::json) AS wanted (${sql.join(
    COLUMNS.map(([member, column]) => sql`${sql.identifier(member)} ${sql.raw(column.getSQLType())}`),
    sql`, `,
  )},
    "apartFrom" text, topic text, "partitionKey" text, event json,
    subject text, operation text, key text, fingerprint text, "answerStatus" smallint, body json
  )
  WHERE booking.is_clear_for("practitionerId", "patientId", "slotStart", "slotEnd", "apartFrom")
)`;

const BOOKED = sql`booked AS (
  INSERT INTO ${bookings} (${names(COLUMNS.map(([, column]) => column.name))})
  SELECT ${names(COLUMNS.map(([member]) => member))} FROM wanted
  ON CONFLICT DO NOTHING RETURNING id
)`;

const QUEUED = sql`queued AS (
  INSERT INTO ${bookingOutbox} (topic, partition_key, event)
  SELECT topic, "partitionKey", event FROM wanted JOIN booked USING (id)
)`;

const ANSWERED = sql`answered AS (
  INSERT INTO ${bookingIdempotencyKeys} (subject, operation, key, fingerprint, status, body)
  SELECT subject, operation, key, decode(fingerprint, 'base64'), "answerStatus", body
  FROM wanted JOIN booked USING (id) WHERE key IS NOT NULL
)`;

const insert = statement<{ id: string }>(
  'insert_bookings',
  sql`WITH ${WANTED}, ${BOOKED}, ${QUEUED}, ${ANSWERED} SELECT id FROM booked`,
);

/**
 * Writes bookings of different practitioners and patients, each with its event and answer, in one statement.
 * @returns the ids of those that were written. Nothing was written of the others, which have something in their way or
 * would have to wait for their turn: to tell what it is takes a look at the other bookings.
 */
export async function insertBookings(db: Database, wanted: readonly NewBooking[]): Promise<ReadonlySet<string>> {
  const { rows } = await insert(db, { wanted: JSON.stringify(wanted.map(recordOf)) });
  return new Set(rows.map(({ id }) => id));
}

function recordOf({ booking, apartFrom, event, claim, answer }: NewBooking): object {
  const fingerprint = claim?.fingerprint.toString('base64');
  return { ...booking, apartFrom, ...event, ...claim, fingerprint, answerStatus: answer.status, body: answer.body };
}

function names(of: readonly string[]): SQL {
  return sql.join(
    of.map((name) => sql.identifier(name)),
    sql`, `,
  );
}
