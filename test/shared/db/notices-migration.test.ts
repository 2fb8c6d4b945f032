import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { openBefore } from './before-migration.ts';

let database: Awaited<ReturnType<typeof openBefore>>;
beforeAll(async () => {
  database = await openBefore('0013_notification_messages.sql');
});
afterAll(() => database.close());

it('keeps what was planned and sent before there were notices', async () => {
  const { client, migrate } = database;
  const [booking, person, practitioner] = [randomUUID(), randomUUID(), randomUUID()];
  await client.query(
    `INSERT INTO notification.bookings VALUES ($1, 2, 'fr', $2, $3, '2030-01-20T09:00:00Z', '2030-01-20T09:30:00Z')`,
    [booking, practitioner, person],
  );
  await client.query(
    `INSERT INTO notification.deliveries
       (event_source, event_id, recipient_type, recipient_id, channel, kind, booking_id, booking_version, status,
        provider_message_id, sent_at)
     VALUES ('/s', 'e-1', 'patient', $2, 'email', 'booking-confirmed', $1, 1, 'sent', 'm-1', now()),
       ('/s', 'e-1', 'patient', $2, 'sms', 'booking-confirmed', $1, 1, 'planned', NULL, NULL),
       ('/s', 'e-2', 'patient', $2, 'email', 'booking-rescheduled', $1, 2, 'planned', NULL, NULL)`,
    [booking, person],
  );
  await migrate();
  const { rows } = await client.query(
    `SELECT n.event_id, n.kind, n.country_code, n.patient_id, n.subject_id, n.subject_version, d.channel, d.status
     FROM notification.deliveries d JOIN notification.notices n ON n.id = d.notice_id ORDER BY event_id, channel`,
  );
  const about = { country_code: 'fr', patient_id: person, subject_id: booking };
  const first = { ...about, event_id: 'e-1', kind: 'booking-confirmed', subject_version: 1 };
  expect(rows).toEqual([
    { ...first, channel: 'email', status: 'sent' },
    { ...first, channel: 'sms', status: 'planned' },
    { ...about, event_id: 'e-2', kind: 'booking-rescheduled', subject_version: 2, channel: 'email', status: 'planned' },
  ]);
});
