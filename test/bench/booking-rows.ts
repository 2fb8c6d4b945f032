import pg from 'pg';

const BATCH = 500_000;

/** A database beside that of `url`, which nobody may be connected to, with all that is in it. Answers its URL. */
export async function copyDatabase(url: string, name: string): Promise<string> {
  const copy = new URL(url);
  const original = copy.pathname.slice(1);
  copy.pathname = '/postgres';
  await withClient(copy.href, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${original}`));
  copy.pathname = `/${name}`;
  return copy.href;
}

/**
 * Adds what a platform has behind it: visits of the last three years, one in ten of those who are booked now. The indexes
 * are made again afterwards, as a restore would.
 */
export async function addPastBookings(url: string, rows: number, tell: (added: number) => void): Promise<void> {
  await withClient(url, async (client) => {
    const { rows: indexes } = await client.query<{ name: string; definition: string }>(PLAIN_INDEXES);
    for (const { name } of indexes) await client.query(`DROP INDEX ${name}`);
    for (let added = 0; added < rows; added += BATCH) {
      await client.query(ADD_BOOKINGS, [Math.min(BATCH, rows - added), added]);
      tell(Math.min(added + BATCH, rows));
    }
    for (const { definition } of indexes) await client.query(definition);
    await client.query('VACUUM ANALYZE booking.bookings');
  });
}

async function withClient(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

const PLAIN_INDEXES = `
  SELECT index.indexrelid::regclass::name AS name, pg_get_indexdef(index.indexrelid) AS definition
  FROM pg_index AS index
  WHERE index.indrelid = 'booking.bookings'::regclass
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = index.indexrelid)`;

const ADD_BOOKINGS = `
  WITH practitioner AS (SELECT array_agg(id ORDER BY ordinal) AS known FROM practitioner.practitioners),
  patient AS (SELECT array_agg(id) AS known FROM patient.patients)
  INSERT INTO booking.bookings
    (id, country_code, practitioner_id, patient_id, visit_type_id, specialty, status, slot_start, slot_end, busy_start,
      busy_end, acted_by, acted_as, created_at, updated_at)
  SELECT uuidv7(), 'fr',
    CASE WHEN place % 10 = 0 THEN practitioner.known[1 + place / 10 % cardinality(practitioner.known)]
      ELSE md5('practitioner' || place % 20000)::uuid END,
    CASE WHEN place % 10 = 1 THEN patient.known[1 + place / 10 % cardinality(patient.known)]
      ELSE md5('patient' || place % 1000000)::uuid END,
    md5('visit-type' || place % 20000)::uuid, 'general-practice', 'completed',
    slot, slot + interval '30 minutes', slot, slot + interval '30 minutes', 'somebody', 'patient', slot, slot
  FROM practitioner, patient, generate_series($2::int, $2::int + $1::int - 1) AS place,
    LATERAL (SELECT date_trunc('hour', now()) - interval '2 days' - place % 50000 * interval '30 minutes' AS slot) AS at`;
