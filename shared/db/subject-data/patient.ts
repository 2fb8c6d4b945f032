import { sql } from 'drizzle-orm';

import { savedAnswersData } from './saved-answers.ts';
import type { SubjectData } from './subject-table.ts';

const ofPatient = (patientId: string) => sql`t.patient_id = ${patientId}`;

export const patientData: SubjectData = {
  schema: 'patient',
  tables: {
    accounts: { rowsOf: ofPatient, erase: { stay: 'An id that is nobody any more, and that it was erased.' } },
    consents: { rowsOf: ofPatient, erase: 'delete', retained: { kind: 'consent', by: 'occurred_at' } },
    sessions: { rowsOf: (patientId) => sql`t.subject = ${patientId}`, erase: 'delete' },
    orders: {
      rowsOf: ofPatient,
      erase: 'delete',
      actedIn: { rowsOf: (patientId) => sql`t.acted_by = ${patientId}`, set: () => sql`acted_by = 'erased'` },
    },
    kit_registrations: { rowsOf: ofPatient, erase: 'delete' },
    kit_results: { rowsOf: ofPatient, erase: 'delete' },
    bounced_addresses: { rowsOf: ofPatient, erase: 'delete' },
    proxies: { rowsOf: (patientId) => sql`${patientId} IN (t.patient_id, t.proxy_id)`, erase: 'delete' },
    preferences: { rowsOf: ofPatient, erase: 'delete' },
    contact_points: { rowsOf: ofPatient, erase: 'delete' },
    identifiers: { rowsOf: ofPatient, erase: 'with-another' },
    patients: { rowsOf: (patientId) => sql`t.id = ${patientId}`, erase: 'delete' },
    idempotency_keys: savedAnswersData,
  },
  impersonal: {
    subject_keys: 'Wrapped by a secret that is kept elsewhere; the row outlasts its key.',
    inbox: 'Ids of events.',
    outbox: 'Ids and times, for a week; what is personal is sealed.',
  },
};
