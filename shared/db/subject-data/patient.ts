import { sql } from 'drizzle-orm';

import type { SubjectData } from './subject-table.ts';

export const patientData: SubjectData = {
  schema: 'patient',
  tables: {
    proxies: { rowsOf: (patientId) => sql`${patientId} IN (t.patient_id, t.proxy_id)`, erase: 'delete' },
    preferences: { rowsOf: (patientId) => sql`t.patient_id = ${patientId}`, erase: 'delete' },
    contact_points: { rowsOf: (patientId) => sql`t.patient_id = ${patientId}`, erase: 'delete' },
    patients: { rowsOf: (patientId) => sql`t.id = ${patientId}`, erase: 'delete' },
  },
  impersonal: {
    subject_keys: 'Wrapped by a secret that is kept elsewhere; the row outlasts its key.',
  },
};
