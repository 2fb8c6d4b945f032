import { sql } from 'drizzle-orm';

import type { SubjectData } from './subject-table.ts';

/**
 * A past visit stays in the practitioner's calendar, as nobody's: each of a patient's visits gets an id of its own, so that
 * not even the one who knows one of them finds the others.
 */
export const bookingData: SubjectData = {
  schema: 'booking',
  tables: {
    booking_history: {
      rowsOf: (patientId) => sql`t.acted_by = ${patientId} OR ${ofBookings(patientId)}`,
      erase: (patientId) =>
        sql`acted_by = ${nobody(patientId)}, left_because = CASE WHEN ${ofBookings(patientId)} THEN NULL ELSE left_because END`,
    },
    bookings: {
      rowsOf: (patientId) => sql`t.acted_by = ${patientId} OR t.patient_id = ${patientId}`,
      erase: (patientId) =>
        sql`acted_by = ${nobody(patientId)},
          patient_id = CASE WHEN t.patient_id = ${patientId} THEN gen_random_uuid() ELSE t.patient_id END`,
    },
    idempotency_keys: { rowsOf: (patientId) => sql`t.subject = ${patientId}`, erase: 'delete' },
  },
  impersonal: { outbox: 'Ids and times, for a week.' },
};

function ofBookings(patientId: string) {
  return sql`t.booking_id IN (SELECT b.id FROM booking.bookings b WHERE b.patient_id = ${patientId})`;
}

/** Whoever acted for the patient stays named. */
function nobody(patientId: string) {
  return sql`CASE WHEN t.acted_by = ${patientId} THEN 'erased' ELSE t.acted_by END`;
}
