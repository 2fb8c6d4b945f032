/** What a booking costs at least: parse JSON, and one named statement that writes a booking and its event. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

import pg from 'pg';

const { DATABASE_URL, PORT } = process.env;
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
await pool.query(`
  CREATE SCHEMA IF NOT EXISTS floor;
  CREATE TABLE IF NOT EXISTS floor.bookings (
    id uuid PRIMARY KEY, practitioner_id uuid NOT NULL, patient_id uuid NOT NULL, visit_type_id uuid NOT NULL,
    slot_start timestamptz NOT NULL, status text NOT NULL
  );
  CREATE UNIQUE INDEX IF NOT EXISTS floor_no_double_book ON floor.bookings (practitioner_id, slot_start)
    WHERE status = 'confirmed';
  CREATE TABLE IF NOT EXISTS floor.outbox (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, partition_key text NOT NULL, event json NOT NULL
  )`);

const INSERT = `
  WITH booked AS (
    INSERT INTO floor.bookings VALUES ($1, $2, $3, $4, $5, 'confirmed') RETURNING id
  ), queued AS (
    INSERT INTO floor.outbox (partition_key, event) VALUES ($2::text, $6)
  )
  SELECT id FROM booked`;

type Wanted = { practitionerId: string; patientId: string; visitTypeId: string; slotStart: string };

async function book(text: string): Promise<string> {
  const wanted: Wanted = JSON.parse(text);
  const id = randomUUID();
  const booking = { id, status: 'confirmed', ...wanted };
  const { practitionerId, patientId, visitTypeId, slotStart } = wanted;
  const values = [id, practitionerId, patientId, visitTypeId, slotStart, JSON.stringify(booking)];
  await pool.query({ name: 'book', text: INSERT, values });
  return JSON.stringify(booking);
}

const server = createServer((request, response) => {
  if (request.method !== 'POST') {
    response.end();
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    void book(Buffer.concat(chunks).toString()).then((answer) =>
      response.writeHead(201, { 'content-type': 'application/json' }).end(answer),
    );
  });
});
server.listen(Number(PORT), '127.0.0.1');
