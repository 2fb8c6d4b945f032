import { sql } from 'drizzle-orm';

import { ErasureRequested } from '../../../schemas/events/jobs.v1.ts';
import { savedAnswersData } from './saved-answers.ts';
import type { SubjectData } from './subject-table.ts';

export const workerData: SubjectData = {
  schema: 'worker',
  tables: {
    // That of the erasure itself is still under way.
    job_runs: {
      rowsOf: (patientId) => sql`t.patient_id = ${patientId} AND t.type <> ${ErasureRequested.type}`,
      erase: 'delete',
    },
    // An archive in an archive would double with every export.
    exports: { rowsOf: (patientId) => sql`t.patient_id = ${patientId}`, erase: 'delete', exportWithout: ['archive'] },
    idempotency_keys: savedAnswersData,
  },
  impersonal: {
    erasures:
      'Proof that it was asked for and done (GDPR, article 5(2)): an id that is nobody any more, and times; what is personal is sealed.',
    erasure_steps: 'What was done of an erasure: counts and times.',
    retained_records: 'What law keeps, sealed with a key that no function has.',
    outbox: 'Ids and times, for a week; what is personal is sealed.',
  },
};
