import { sql } from 'drizzle-orm';

import { savedAnswersData } from './saved-answers.ts';
import { showLaboratory } from './shown-laboratory.ts';
import type { SubjectData } from './subject-table.ts';

const ofPatient = (patientId: string) => sql`t.patient_id = ${patientId}`;

const ofReports = (patientId: string) =>
  sql`t.report_id IN (SELECT r.id FROM laboratory.reports r WHERE r.patient_id = ${patientId})`;

const CLINICAL = { kind: 'clinical' } as const;

/** A report goes with all that hangs on it, and all of it is a clinical record. */
export const laboratoryData: SubjectData = {
  schema: 'laboratory',
  tables: {
    report_versions: { rowsOf: ofReports, erase: 'with-another', retained: CLINICAL },
    observations: { rowsOf: ofPatient, erase: 'with-another', retained: { ...CLINICAL, by: 'effective_at' } },
    observation_versions: {
      rowsOf: (patientId) =>
        sql`t.observation_id IN (SELECT o.id FROM laboratory.observations o WHERE o.patient_id = ${patientId})`,
      erase: 'with-another',
      retained: CLINICAL,
    },
    documents: { rowsOf: ofReports, erase: 'with-another', retained: CLINICAL },
    release_decisions: { rowsOf: ofReports, erase: 'with-another', retained: CLINICAL },
    hidden_pieces: { rowsOf: ofReports, erase: 'with-another', exportOnly: () => sql`false` },
    critical_alerts: { rowsOf: ofPatient, erase: 'with-another', retained: { ...CLINICAL, by: 'raised_at' } },
    reports: { rowsOf: ofPatient, erase: 'delete', retained: { ...CLINICAL, by: 'effective_at' } },
    release_preferences: { rowsOf: ofPatient, erase: 'delete' },
    // What others did with a result, and were answered of it, the patient may not know yet.
    idempotency_keys: { ...savedAnswersData, exportOnly: (patientId) => sql`t.subject = ${patientId}` },
  },
  shown: showLaboratory,
  impersonal: {
    messages: 'How laboratories number what they send.',
    message_claims: 'How laboratories number what they send, with a digest of it.',
    message_keys: 'Keys of messages that somebody has to read yet, of whom it is not known whose they are.',
    quarantine: 'Sealed messages of which it is not known whose they are, until somebody has looked at them.',
    local_codes: 'What laboratories call their tests.',
    critical_limits: 'Limits of analytes.',
    duty_clinicians: 'Practitioners.',
    inbox: 'Ids of events.',
    outbox: 'Ids and times, for a week.',
  },
};
