import { sql } from 'drizzle-orm';

import type { SubjectTable } from './subject-table.ts';

/** What a patient was answered, and what others were answered of them, for a day. */
export const savedAnswersData: SubjectTable = {
  rowsOf: (patientId) => sql`${patientId} IN (t.subject, t.body ->> 'patientId')`,
  erase: 'delete',
};
