import { sql } from 'drizzle-orm';

import { savedAnswersData } from './saved-answers.ts';
import type { SubjectData } from './subject-table.ts';

/** Whoever acted for the patient stays named; the patient who acted does not. */
const ACTED = {
  rowsOf: (patientId: string) => sql`t.acted_by = ${patientId}`,
  set: () => sql`acted_by = 'erased'`,
};

/**
 * A past visit stays in the practitioner's calendar, as nobody's: each of a patient's visits gets an id of its own, so that
 * not even the one who knows one of them finds the others.
 */
export const bookingData: SubjectData = {
  schema: 'booking',
  tables: {
    booking_history: {
      rowsOf: (patientId) =>
        sql`t.booking_id IN (SELECT b.id FROM booking.bookings b WHERE b.patient_id = ${patientId})`,
      erase: { set: () => sql`left_because = NULL` },
      actedIn: ACTED,
    },
    bookings: {
      rowsOf: (patientId) => sql`t.patient_id = ${patientId}`,
      erase: { set: () => sql`patient_id = gen_random_uuid()` },
      actedIn: ACTED,
    },
    idempotency_keys: savedAnswersData,
  },
  impersonal: { outbox: 'Ids and times, for a week.' },
};
