import pg from 'pg';

/** Slots that a practitioner has given away, on different days. */
const BOOKINGS_EACH = 3;

/**
 * Adds practitioners of France with the ordinals from 0 on: a few weekly patterns and time zones, a quarter of them with an
 * exception, all of them with bookings in the days after `today`. `databaseUrl` names a superuser, for whom nothing is
 * checked.
 */
export async function addPractitioners(databaseUrl: string, count: number, today: Temporal.PlainDate): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(`SET session_replication_role = replica; SET synchronous_commit = off; SET work_mem = '64MB'`);
    for (const insert of inserts(count, `'${today.toString()}'::date`)) await client.query(insert);
    await client.query(`VACUUM (ANALYZE) practitioner.practitioners_fr, practitioner.working_hours_fr,
      practitioner.schedule_exceptions_fr, practitioner.busy_slots_fr`);
  } finally {
    await client.end();
  }
}

function inserts(count: number, today: string): string[] {
  const everybody = `generate_series(0, ${count - 1}) AS n`;
  const id = `lpad(to_hex(n), 32, '0')::uuid`;
  return [
    `INSERT INTO practitioner.practitioners (country_code, id, ordinal, given_name, family_name, specialties, languages,
       time_zone, address, city, latitude, longitude, language)
     SELECT 'fr', ${id}, n, 'Claire', 'Fontaine', '{dentist}', '{fr}',
       (ARRAY['Indian/Reunion', 'America/Martinique', 'Europe/Paris'])[least(n % 40 + 1, 3)],
       '1 rue de la Paix', 'Paris', 48.87, 2.33, 'fr'
     FROM ${everybody}`,
    // Six beginnings of the day times five ends, a morning and an afternoon; one weekday of the five is off.
    `INSERT INTO practitioner.working_hours (country_code, practitioner_id, weekday, start_minute, end_minute)
     SELECT 'fr', ${id}, weekday, from_minute, to_minute
     FROM ${everybody}, generate_series(1, 5) AS weekday,
       LATERAL (VALUES (450 + n % 6 * 30, 750), (810, 960 + n / 6 % 5 * 60)) AS hours (from_minute, to_minute)
     WHERE weekday <> n % 7`,
    `INSERT INTO practitioner.schedule_exceptions (country_code, id, practitioner_id, kind, first_day, last_day)
     SELECT 'fr', ${id}, ${id}, 'closed', ${today} + n % 60, ${today} + n % 60 + n % 10
     FROM ${everybody} WHERE n % 4 = 0`,
    `INSERT INTO practitioner.busy_slots (country_code, booking_id, practitioner_id, visit_type_id, version, active,
       busy_start, busy_end, slot_start)
     SELECT 'fr', uuidv7(), ${id}, ${id}, 1, true, starts, starts + interval '30 minutes', starts
     FROM ${everybody}, generate_series(1, ${BOOKINGS_EACH}) AS booking,
       LATERAL (SELECT ${today}::timestamp AT TIME ZONE 'UTC' + make_interval(days => 1 + booking * 4, mins => 480 + n % 16 * 30)) AS at (starts)`,
  ];
}
