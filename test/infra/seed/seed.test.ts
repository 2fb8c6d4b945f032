import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { findSampleUser, listSamples, seed, seedIfEmpty, type SeedUrls } from '../../../infra/seed/seed.ts';
import { connectDatabase, type Database } from '../../../shared/db/client.ts';
import { prepareFindVisitType } from '../../../shared/db/visit-types.ts';
import { readKitCode } from '../../../shared/domain/kit-code.ts';
import { createDatabase, type TestDatabase } from '../../support/services/database.ts';

const today = Temporal.PlainDate.from('2026-03-02');

let database: TestDatabase;
let db: Database;
let urls: SeedUrls;
beforeAll(async () => {
  database = await createDatabase();
  db = connectDatabase(database.url, { applicationName: 'test' });
  urls = {
    DATABASE_URL_PRACTITIONER: database.urlFor('careflow_practitioner'),
    DATABASE_URL_PATIENT: database.urlFor('careflow_patient'),
    DATABASE_URL_HOMEKIT: database.urlFor('careflow_homekit'),
  };
  await seed(urls, { practitioners: 40, patients: 60, today });
});
afterAll(async () => {
  await db.$client.end();
  await database.drop();
});

async function query(statement: string): Promise<Record<string, unknown>[]> {
  const { rows } = await db.execute(sql.raw(statement));
  return rows;
}

const TABLES = [
  'practitioner.practitioners',
  'practitioner.working_hours',
  'practitioner.schedule_exceptions',
  'practitioner.visit_types',
  'practitioner.outbox',
  'patient.patients',
  'patient.contact_points',
  'patient.preferences',
  'patient.proxies',
  'patient.consents',
  'homekit.test_products',
  'homekit.lots',
  'homekit.test_kits',
];

async function everything(): Promise<string[]> {
  const contents = await Promise.all(TABLES.map((table) => query(`SELECT t::text FROM ${table} t ORDER BY 1`)));
  return contents.flat().map((row) => JSON.stringify(row));
}

describe('seeding', () => {
  it('makes so many practitioners and patients in each country', async () => {
    expect(
      await query('SELECT country_code, count(*)::int FROM practitioner.practitioners GROUP BY 1 ORDER BY 1'),
    ).toEqual([
      { country_code: 'de', count: 40 },
      { country_code: 'fr', count: 40 },
    ]);
    expect(await query('SELECT country_code, count(*)::int FROM patient.patients GROUP BY 1 ORDER BY 1')).toEqual([
      { country_code: 'de', count: 60 },
      { country_code: 'fr', count: 60 },
    ]);
  });

  it('gives the practitioners of a country the places of its bitmap without a gap', async () => {
    const [{ places } = {}] = await query(
      `SELECT array_agg(ordinal ORDER BY ordinal) AS places FROM practitioner.practitioners WHERE country_code = 'fr'`,
    );
    expect(places).toEqual(Array.from({ length: 40 }, (_, ordinal) => ordinal));
  });

  it('tells nobody of practitioners that are new', async () => {
    expect(await query('SELECT count(*)::int FROM practitioner.outbox')).toEqual([{ count: 0 }]);
  });

  it('again changes nothing', async () => {
    const before = await everything();
    await seed(urls, { practitioners: 40, patients: 60, today });
    expect(await everything()).toEqual(before);
  });

  it('with more leaves those that were there as they were', async () => {
    const before = new Set(await everything());
    await seed(urls, { practitioners: 45, patients: 60, today });
    const after = new Set(await everything());
    expect([...before].filter((row) => !after.has(row))).toEqual([]);
    expect(await query(`SELECT max(ordinal) FROM practitioner.practitioners WHERE country_code = 'de'`)).toEqual([
      { max: 44 },
    ]);
  });

  it('puts right what is not as it should be, and tells whose hours have changed', async () => {
    const { fr } = await listSamples(db);
    const [first, second, third] = fr.practitioners;
    await query(`DELETE FROM practitioner.working_hours WHERE practitioner_id = '${first?.id}' AND weekday = 1`);
    await query(`INSERT INTO practitioner.schedule_exceptions (country_code, id, practitioner_id, kind, first_day, last_day)
      VALUES ('fr', gen_random_uuid(), '${second?.id}', 'closed', '2026-05-04', '2026-05-05')`);
    await query(`UPDATE practitioner.practitioners SET city = 'Nowhere' WHERE id = '${third?.id}'`);
    await seed(urls, { practitioners: 40, patients: 0, today });
    const events = await query(`SELECT partition_key, event FROM practitioner.outbox ORDER BY partition_key`);
    const changed = [first?.id, second?.id].toSorted((one = '', other = '') => one.localeCompare(other));
    expect(events).toMatchObject(
      changed.map((practitionerId) => ({
        partition_key: practitionerId,
        event: {
          type: 'careflow.practitioner-schedule.changed.v1',
          data: { practitionerId, country: 'fr', version: 2, from: '2026-03-02' },
        },
      })),
    );
    expect(
      await query(`SELECT version FROM practitioner.practitioners WHERE city = 'Nowhere' OR id = '${third?.id}'`),
    ).toEqual([{ version: 2 }]);
  });

  it('only where there is nobody leaves the rest alone', async () => {
    const before = await everything();
    const told: string[] = [];
    await seedIfEmpty(urls, { onProgress: (what) => told.push(what) });
    expect([await everything(), told]).toEqual([before, []]);
  });
});

describe('the first samples', () => {
  it('are the same in every database', async () => {
    const { fr } = await listSamples(db);
    expect(fr.practitioners[0]?.id).toBe('88a16b8f-eb6d-5a2b-b069-5ecd18f1b01e');
    expect(fr.practitioners).toHaveLength(10);
    expect(fr.patients).toHaveLength(10);
  });

  it('can be booked at once: a plain half hour, with everybody reached by e-mail and SMS', async () => {
    for (const [country, samples] of Object.entries(await listSamples(db))) {
      const [practitioner] = samples.practitioners;
      const [visitType] = practitioner?.visitTypes ?? [];
      const [patient] = samples.patients;
      expect(await prepareFindVisitType(db)(country, visitType?.id ?? '')).toMatchObject({
        practitionerId: practitioner?.id,
        durationMinutes: 30,
        bufferBeforeMinutes: 0,
        bufferAfterMinutes: 0,
        minimumNoticeMinutes: 0,
        dailyCap: null,
      });
      expect(
        await query(`SELECT email, phone FROM practitioner.practitioners WHERE id = '${practitioner?.id}'`),
      ).toEqual([{ email: expect.stringMatching(/@example\.com$/), phone: expect.stringMatching(/^\+/) }]);
      expect(
        await query(`SELECT email, phone, language, channels, quiet_start_minute
          FROM patient.published_contact_points WHERE patient_id = '${patient?.id}'`),
      ).toEqual([
        {
          email: expect.stringMatching(/@example\.com$/),
          phone: expect.stringMatching(/^\+/),
          language: country,
          channels: {},
          quiet_start_minute: null,
        },
      ]);
    }
  });

  it('are kits of a lot that lasts, under codes that can be typed', async () => {
    for (const [country, { testKits }] of Object.entries(await listSamples(db))) {
      expect(testKits).toHaveLength(9);
      for (const { code } of testKits) {
        expect(readKitCode(code)).toBe(code);
        expect(
          await query(`SELECT k.country_code, k.status, l.expires_on > '${today.toString()}' AS lasts
            FROM homekit.test_kits k JOIN homekit.lots l ON l.number = k.lot_number WHERE k.code = '${code}'`),
        ).toEqual([{ country_code: country, status: 'stocked', lasts: true }]);
      }
    }
  });

  it('can log in by their ids', async () => {
    const { de } = await listSamples(db);
    const find = findSampleUser(urls);
    const [practitioner] = de.practitioners;
    const [patient] = de.patients;
    expect(await find(practitioner?.id ?? '')).toMatchObject({ role: 'practitioner', country: 'de' });
    expect(await find(patient?.id ?? '')).toMatchObject({ role: 'patient', country: 'de' });
    expect(await find('somebody')).toBeUndefined();
    expect(await find('00000000-0000-4000-8000-000000000000')).toBeUndefined();
  });
});

describe('the sample data', () => {
  it('calls nobody: every number is kept for fiction, every e-mail address for documents', async () => {
    const phones = await query(`SELECT phone AS value FROM practitioner.practitioners WHERE phone IS NOT NULL
      UNION ALL SELECT value FROM patient.contact_points WHERE channel = 'sms'`);
    const emails = await query(`SELECT email AS value FROM practitioner.practitioners
      UNION ALL SELECT value FROM patient.contact_points WHERE channel = 'email'`);
    const forFiction = /^(\+3363998\d{4}|\+4917139200\d{2}|\+49176040690\d{2})$/;
    expect(phones.filter(({ value }) => !forFiction.test(String(value)))).toEqual([]);
    expect(emails.filter(({ value }) => !/^[a-z.]+\d+@example\.com$/.test(String(value)))).toEqual([]);
  });

  it('has every child act through a guardian who is reached', async () => {
    const orphans = await query(`SELECT p.id FROM patient.patients p WHERE p.birth_date > '2012-01-01'
      AND NOT EXISTS (SELECT FROM patient.proxies x JOIN patient.contact_points c ON c.patient_id = x.proxy_id
        WHERE x.patient_id = p.id AND x.relation = 'guardian')`);
    const children = await query(`SELECT id FROM patient.patients WHERE birth_date > '2012-01-01'`);
    expect([orphans.length, children.length]).toEqual([0, 12]);
  });
});
