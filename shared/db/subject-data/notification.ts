import { sql } from 'drizzle-orm';

import type { SubjectData } from './subject-table.ts';

/** What clinicians are alerted to may be held from the patient yet. */
const ALERTS = sql`('critical-result-raised', 'critical-result-escalated')`;

/** What practitioners are still to be told stays until it is told: `forgetTold` and `forgetToldOfErased` delete it. */
export const notificationData: SubjectData = {
  schema: 'notification',
  tables: {
    reminders: { rowsOf: (patientId) => sql`t.patient_id = ${patientId}`, erase: 'delete' },
    // Of what concerned the patient, whoever was told, and of what the patient was told for others.
    deliveries: {
      rowsOf: (patientId) => sql`t.recipient_id = ${patientId} OR t.notice_id IN (
        SELECT n.id FROM notification.notices n WHERE n.patient_id = ${patientId})`,
      erase: 'delete',
      exportOnly: () => sql`NOT EXISTS (
        SELECT FROM notification.notices n WHERE n.id = t.notice_id AND n.kind IN ${ALERTS})`,
      spares: sql`t.recipient_type = 'practitioner' AND t.status IN ('held', 'planned', 'claimed', 'failed')`,
    },
    notices: {
      rowsOf: (patientId) => sql`t.patient_id = ${patientId}`,
      erase: 'delete',
      exportOnly: () => sql`t.kind NOT IN ${ALERTS}`,
      spares: sql`EXISTS (SELECT FROM notification.deliveries d WHERE d.notice_id = t.id)`,
    },
    bookings: {
      rowsOf: (patientId) => sql`t.patient_id = ${patientId}`,
      erase: 'delete',
      spares: sql`EXISTS (SELECT FROM notification.notices n WHERE n.subject_id = t.booking_id)`,
    },
  },
  impersonal: {
    suppressed_addresses: 'Digests, from which no address can be read: nobody is written to where they complained.',
    transient_bounces: 'Digests, from which no address can be read.',
    acknowledged_alerts: 'Ids and times.',
    erased_patients:
      "That somebody was erased, by an id that is nobody's any more, while events of theirs may still come.",
    inbox: 'Ids of events.',
    outbox: 'Ids and times, for a week.',
  },
};
