import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { connectDatabase, type Database } from '../../../shared/db/client.ts';
import { addPatient, addPractice } from '../../support/practices.ts';
import { createDatabase, type TestDatabase } from '../../support/services/database.ts';

/** Whose schema is whose; nothing that a role is not given here may be touched by it. */
const OWN: Readonly<Record<string, string>> = {
  careflow_booking: 'booking',
  careflow_practitioner: 'practitioner',
  careflow_patient: 'patient',
  careflow_notification: 'notification',
  careflow_cron: 'cron',
  careflow_laboratory: 'laboratory',
  careflow_homekit: 'homekit',
  careflow_worker: 'worker',
};

/** What a context lets others read. */
const PUBLISHED: Readonly<Record<string, readonly string[]>> = {
  careflow_practitioner_reader: [
    'practitioner.published_busy_slots',
    'practitioner.published_practitioners',
    'practitioner.published_schedules',
    'practitioner.published_stand_ins',
    'practitioner.published_visit_types',
  ],
  careflow_patient_reader: [
    'patient.published_consents',
    'patient.published_contact_points',
    'patient.published_identifiers',
    'patient.published_identities',
    'patient.published_patients',
    'patient.published_proxies',
    'patient.published_subject_keys',
  ],
  careflow_laboratory_reader: ['laboratory.published_alerts', 'laboratory.published_reports'],
  careflow_homekit_reader: ['homekit.published_test_kits'],
};

const ROLES = [...Object.keys(OWN), ...Object.keys(PUBLISHED)];

type Grant = { schema: string; relation: string; kind: string; reads: boolean; writes: boolean };

describe('a role', () => {
  let database: TestDatabase;
  let admin: Database;
  beforeAll(async () => {
    database = await createDatabase();
    admin = connectDatabase(database.url, { applicationName: 'test' });
  });
  afterAll(async () => {
    await admin.$client.end();
    await database.drop();
  });

  async function as<Result>(role: string, work: (db: Database) => Promise<Result>): Promise<Result> {
    const db = connectDatabase(database.urlFor(role), { applicationName: 'test' });
    try {
      return await work(db);
    } finally {
      await db.$client.end();
    }
  }

  /** Every table and view of the product, and what the role may do with it. */
  async function grants(role: string): Promise<Grant[]> {
    const { rows } = await admin.execute<Grant>(sql`
      SELECT n.nspname AS schema, c.relname AS relation, c.relkind::text AS kind,
        has_schema_privilege(${role}, n.oid, 'USAGE') AND has_table_privilege(${role}, c.oid, 'SELECT') AS reads,
        has_schema_privilege(${role}, n.oid, 'USAGE')
          AND has_table_privilege(${role}, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') AS writes
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v') AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema')
      ORDER BY 1, 2`);
    return rows;
  }

  it('is one of those named here', async () => {
    const { rows } = await admin.execute<{ role: string }>(
      sql`SELECT rolname AS role FROM pg_roles WHERE rolname LIKE 'careflow\\_%'`,
    );
    expect(rows.map(({ role }) => role).toSorted()).toEqual(ROLES.toSorted());
  });

  it.each(Object.entries(OWN))('%s reads and writes its own schema, and nothing else', async (role, own) => {
    const all = await grants(role);
    const reached = new Set(all.filter(({ reads, writes }) => reads || writes).map(({ schema }) => schema));
    expect(reached).toEqual(new Set([own]));
    const partitions = /_([a-z]{2}|\d{4}_\d{2}|other)$/;
    const missing = all.filter(
      ({ schema, kind, relation, reads }) => schema === own && kind !== 'v' && !reads && !partitions.test(relation),
    );
    expect(missing).toEqual([]);
  });

  it.each(Object.entries(PUBLISHED))('%s reads what is published, and nothing else', async (role, published) => {
    const all = await grants(role);
    const read = all.filter(({ reads }) => reads).map(({ schema, relation }) => `${schema}.${relation}`);
    expect([read, all.filter(({ writes }) => writes)]).toEqual([published, []]);
  });

  it.each(ROLES)('%s is no superuser, makes nothing and belongs to no other role', async (role) => {
    const { rows } = await admin.execute(sql`
      SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS mighty,
        has_database_privilege(rolname, current_database(), 'CREATE') AS creates,
        has_schema_privilege(rolname, 'public', 'CREATE') AS fills,
        EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid) AS joined
      FROM pg_roles r WHERE rolname = ${role}`);
    expect(rows).toEqual([{ mighty: false, creates: false, fills: false, joined: false }]);
    await expect(as(role, (db) => db.execute(sql`CREATE TABLE public.mine ()`))).rejects.toMatchObject({
      cause: { code: '42501' },
    });
  });

  it('keeps what was: a booking is never deleted, nor its history changed', async () => {
    const statements = [
      'DELETE FROM booking.bookings',
      'UPDATE booking.booking_history SET status = status',
      'DELETE FROM booking.booking_history',
    ];
    for (const statement of statements) {
      const run = as('careflow_booking', (db) => db.execute(sql.raw(statement)));
      await expect(run).rejects.toMatchObject({ cause: { code: '42501' } });
    }
  });

  it('reads through the views what lies behind them', async () => {
    const [{ practitionerId }, patientId] = await Promise.all([addPractice(admin), addPatient(admin)]);
    const schedules = await as('careflow_practitioner_reader', (db) =>
      db.execute(sql`SELECT FROM practitioner.published_schedules WHERE practitioner_id = ${practitionerId}`),
    );
    const contacts = await as('careflow_patient_reader', (db) =>
      db.execute(sql`SELECT FROM patient.published_contact_points WHERE patient_id = ${patientId}`),
    );
    expect([schedules.rowCount, contacts.rowCount]).toEqual([1, 1]);
  });
});
