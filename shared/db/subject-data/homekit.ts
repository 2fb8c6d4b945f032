import { sql } from 'drizzle-orm';

import { savedAnswersData } from './saved-answers.ts';
import type { SubjectData } from './subject-table.ts';

const ofPatient = (patientId: string) => sql`t.patient_id = ${patientId}`;

const ofDevices = (patientId: string) =>
  sql`t.device_id IN (SELECT d.id FROM homekit.devices d WHERE d.patient_id = ${patientId})`;

const ofKits = (patientId: string) =>
  sql`t.test_kit_id IN (SELECT k.id FROM homekit.test_kits k WHERE k.patient_id = ${patientId})`;

/** A kit that was used stays used: it is held by nobody, so that nobody else can claim it. */
export const homekitData: SubjectData = {
  schema: 'homekit',
  tables: {
    challenges: { rowsOf: ofDevices, erase: 'with-another' },
    proofs: { rowsOf: ofDevices, erase: 'with-another' },
    grants: {
      rowsOf: (patientId) => sql`t.grantee_id = ${patientId} OR ${ofDevices(patientId)}`,
      erase: 'delete',
      // Whom a former owner let use a device is nothing to the present one.
      exportOnly: (patientId) => sql`${patientId} IN (t.grantee_id, t.granted_by)`,
      actedIn: {
        rowsOf: (patientId) => sql`t.granted_by = ${patientId}`,
        set: () => sql`granted_by = gen_random_uuid()`,
      },
    },
    devices: { rowsOf: ofPatient, erase: 'delete' },
    custody_log: { rowsOf: ofKits, erase: { stay: 'Steps and times of a kit; its holder is not named.' } },
    custody_scans: {
      rowsOf: ofKits,
      erase: { stay: 'Steps and times of a kit; its holder is not named.' },
      actedIn: { rowsOf: (patientId) => sql`t.scanned_by = ${patientId}`, set: () => sql`scanned_by = 'erased'` },
    },
    replacement_offers: {
      rowsOf: (patientId) =>
        sql`t.registration_id IN (SELECT r.id FROM homekit.test_kit_registrations r WHERE r.patient_id = ${patientId})`,
      erase: { stay: 'That a kit was offered for another.' },
    },
    test_kit_registrations: {
      rowsOf: ofPatient,
      erase: { set: () => sql`patient_id = gen_random_uuid(), rejection_details = NULL` },
    },
    test_kits: { rowsOf: ofPatient, erase: { set: () => sql`patient_id = gen_random_uuid(), order_id = NULL` } },
    idempotency_keys: savedAnswersData,
  },
  impersonal: {
    test_products: 'What kits test.',
    lots: 'Lots of kits.',
    inbox: 'Ids of events.',
    outbox: 'Ids and times, for a week.',
  },
};
