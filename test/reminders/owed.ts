import type pg from 'pg';

export type Owed = { readonly to: string; readonly channel: 'email' | 'sms'; readonly dueAt: Temporal.Instant };

type Amount = { readonly reminders: number; readonly minutes: number; readonly percentSms: number };

/** The platform and its cron have so long to be ready before the first falls due. */
const HEAD_START = { minutes: 1 };

/** Visits tomorrow of as many patients, each owed one reminder on a minute to come. */
export async function addReminders(client: pg.Client, { reminders, minutes, percentSms }: Amount): Promise<Owed[]> {
  const first = Temporal.Now.instant().add(HEAD_START).round({ smallestUnit: 'minute', roundingMode: 'ceil' });
  await client.query(PATIENTS, [reminders]);
  await client.query(ADDRESSES, [percentSms]);
  await client.query(VISITS, [first.toString(), minutes]);
  const { rows } = await client.query<{ to: string; channel: Owed['channel']; due: string }>(OWED);
  return rows.map(({ to, channel, due }) => ({ to, channel, dueAt: Temporal.Instant.from(due) }));
}

/** Known by their name: the sample patients are others. */
const PATIENTS = `
  INSERT INTO patient.patients (id, country_code, given_name, family_name, birth_date, sex, time_zone)
  SELECT gen_random_uuid(), 'fr', 'Reminded', number::text, '1990-01-01', 'unknown', 'Europe/Paris'
  FROM generate_series(1, $1::int) AS number`;

const ADDRESSES = `
  INSERT INTO patient.contact_points (patient_id, channel, value)
  SELECT id,
    CASE WHEN family_name::int % 100 < $1::int THEN 'sms' ELSE 'email' END,
    CASE WHEN family_name::int % 100 < $1::int THEN '+337' || lpad(family_name, 8, '0') ELSE id || '@reminders.example' END
  FROM patient.patients WHERE given_name = 'Reminded'`;

const VISITS = `
  WITH owed AS (
    SELECT p.id AS patient_id, c.channel,
      $1::timestamptz + (p.family_name::int % $2::int) * interval '1 minute' AS due_at,
      gen_random_uuid() AS booking_id,
      (SELECT id FROM practitioner.practitioners WHERE country_code = 'fr' ORDER BY ordinal LIMIT 1) AS practitioner_id
    FROM patient.patients p JOIN patient.contact_points c ON c.patient_id = p.id WHERE p.given_name = 'Reminded'
  ), visits AS (
    INSERT INTO notification.bookings
      (booking_id, version, country_code, practitioner_id, patient_id, slot_start, slot_end)
    SELECT booking_id, 1, 'fr', practitioner_id, patient_id, due_at + interval '1 day', due_at + interval '25 hours' FROM owed
  )
  INSERT INTO notification.reminders
    (booking_id, booking_version, rung, channel, country_code, patient_id, visit_day, due_at)
  SELECT booking_id, 1, channel || '-1d', channel, 'fr', patient_id, (due_at + interval '1 day')::date, due_at FROM owed`;

const OWED = `
  SELECT c.value AS to, c.channel, to_json(r.due_at AT TIME ZONE 'UTC') #>> '{}' || 'Z' AS due
  FROM notification.reminders r
  JOIN patient.patients p ON p.id = r.patient_id AND p.given_name = 'Reminded'
  JOIN patient.contact_points c ON c.patient_id = p.id`;
