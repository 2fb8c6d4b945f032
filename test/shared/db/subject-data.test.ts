import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Database } from '../../../shared/db/client.ts';
import { subjectData } from '../../../shared/db/subject-data/contexts.ts';
import { eraseSubject, exportSubject, type RetainedRows } from '../../../shared/db/subject-data/subject-table.ts';
import { addPatient, connectAdmin } from '../../support/practices.ts';
import { createDatabase, type TestDatabase } from '../../support/services/database.ts';

let database: TestDatabase;
let admin: Database;
beforeAll(async () => {
  database = await createDatabase();
  admin = connectAdmin(database.url);
});
afterAll(async () => {
  await admin.$client.end();
  await database.drop();
});

/** Every table of the product but partitions, which are their table's. */
async function listTables(): Promise<{ schema: string; table: string }[]> {
  const { rows } = await admin.execute<{ schema: string; table: string }>(sql`
    SELECT n.nspname AS schema, c.relname AS table
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'public', 'migration')
    ORDER BY 1, 2`);
  return rows;
}

const contexts = Object.values(subjectData);

/** Contexts that keep nothing of patients, and why. */
const impersonalContexts: Readonly<Record<string, string>> = {
  practitioner: 'Practitioners, and when they are busy, by the ids of bookings.',
  cron: 'The state of recurring work.',
};

describe('what is kept of patients', () => {
  it('is said of every table: exported and erased, or nothing of theirs', async () => {
    const said = contexts.flatMap(({ schema, tables, impersonal }) =>
      [...Object.keys(tables), ...Object.keys(impersonal)].map((table) => `${schema}.${table}`),
    );
    const all = (await listTables()).filter(({ schema }) => !(schema in impersonalContexts));
    expect(said.toSorted()).toEqual(all.map(({ schema, table }) => `${schema}.${table}`).toSorted());
    expect(new Set(said).size).toBe(said.length);
  });

  it('is said of every context', async () => {
    const schemas = new Set((await listTables()).map(({ schema }) => schema));
    const known = [...contexts.map(({ schema }) => schema), ...Object.keys(impersonalContexts)];
    expect(known.toSorted()).toEqual([...schemas].toSorted());
  });

  it('is in no table that is said to hold nothing of theirs but names a patient', async () => {
    const { rows } = await admin.execute<{ table: string }>(sql`
      SELECT DISTINCT table_schema || '.' || table_name AS table FROM information_schema.columns
      WHERE column_name IN ('patient_id', 'customer_id', 'subject_id', 'proxy_id', 'holder_id', 'grantee_id', 'subject')
        AND table_name IN (SELECT relname FROM pg_class WHERE relkind IN ('r', 'p'))
        AND table_schema NOT IN ('pg_catalog', 'information_schema', 'migration')`);
    const naming = new Set(rows.map(({ table }) => table));
    const impersonal = contexts.flatMap(({ schema, impersonal }) =>
      Object.keys(impersonal).map((table) => `${schema}.${table}`),
    );
    // An id that is nobody's any more, with no word of theirs beside it.
    const proofs = ['notification.erased_patients', 'patient.subject_keys', 'worker.erasures'];
    expect(impersonal.filter((table) => naming.has(table))).toEqual(proofs);
  });
});

it('what law keeps comes in the same order, however the table has it', async () => {
  const patientId = await addPatient(admin);
  for (const purpose of ['reminders', 'research', 'analytics']) {
    await admin.execute(sql`INSERT INTO patient.consents
      (patient_id, purpose, version, country_code, decision, consent_version, occurred_at)
      VALUES (${patientId}, ${purpose}, 1, 'fr', 'given', '2030-01', '2031-01-01')`);
  }
  // Without an index it is read as it lies.
  await admin.execute(sql`ALTER TABLE patient.consents DROP CONSTRAINT consents_pkey`);
  const read: (readonly RetainedRows[])[] = [];
  const cutOff = async () => {
    await eraseSubject(admin, subjectData.patient, patientId, async (retained) => {
      read.push(retained);
      throw new Error('cut off');
    }).catch(() => undefined);
  };
  await cutOff();
  await admin.execute(sql`UPDATE patient.consents SET version = version WHERE purpose = 'reminders'`);
  await cutOff();
  expect(read[0]?.[0]?.rows).toHaveLength(3);
  expect(read[1]).toEqual(read[0]);
});

it('whom a former owner let use a device is in no export of the next one', async () => {
  const [former, owner, guest] = [await addPatient(admin), await addPatient(admin), await addPatient(admin)];
  const { rows } = await admin.execute<{ id: string }>(sql`INSERT INTO homekit.devices
    (id, country_code, patient_id, status, model, serial_number, ltpk, pairing_id, category, setup_id, created_at, updated_at)
    VALUES (gen_random_uuid(), 'fr', ${owner}, 'registered', 'm', 's', repeat('0', 64), 'p', 5, '7OSX', now(), now())
    RETURNING id`);
  const grant = (grantedBy: string, granteeId: string, role: string) =>
    admin.execute(sql`INSERT INTO homekit.grants
    (id, device_id, grantee_id, role, scopes, status, granted_by, created_at, updated_at)
    VALUES (gen_random_uuid(), ${rows[0]?.id}, ${granteeId}, ${role}, '{}', 'revoked', ${grantedBy}, now(), now())`);
  await grant(former, guest, 'user');
  await grant(former, owner, 'owner');
  await grant(owner, guest, 'guest');
  const rolesIn = async (patientId: string) =>
    (await exportSubject(admin, subjectData.homekit, patientId))['grants']?.map(({ role }) => role).toSorted();
  expect([await rolesIn(owner), await rolesIn(guest), await rolesIn(former)]).toEqual([
    ['guest', 'owner'],
    ['guest', 'user'],
    [],
  ]);
});
