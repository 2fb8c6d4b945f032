import { randomUUID } from 'node:crypto';

import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { type AddressedDelivery, claimNewest } from '../../../shared/db/deliveries.ts';
import { hashOf } from '../../../shared/db/suppressed-addresses.ts';
import { until } from '../../support/until.ts';
import { MORNING, openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const now = Temporal.Instant.from(MORNING);

/** A booking at version 1 with an e-mail about it still to be sent. */
async function addDelivery(): Promise<AddressedDelivery & { readonly bookingId: string }> {
  const [id, noticeId, bookingId, person] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  await world.insert('notification.bookings', {
    booking_id: bookingId,
    version: 1,
    country_code: 'fr',
    practitioner_id: person,
    patient_id: person,
    slot_start: MORNING,
    slot_end: MORNING,
  });
  await world.insert('notification.notices', {
    id: noticeId,
    event_source: 's',
    event_id: id,
    kind: 'booking-confirmed',
    country_code: 'fr',
    patient_id: person,
    subject_id: bookingId,
    subject_version: 1,
    occurred_at: MORNING,
  });
  const to = { recipient_type: 'patient', recipient_id: person, channel: 'email' };
  await world.insert('notification.deliveries', { id, notice_id: noticeId, status: 'planned', ...to });
  const recipient = { recipientType: 'patient', recipientId: person, channel: 'email' } as const;
  return { id, noticeId, bookingId, ...recipient, subjectIds: [], addressHash: hashOf('email', 'anna@home.example') };
}

it('waits for a newer state that is being written, and then withholds the message', async () => {
  const delivery = await addDelivery();
  const writer = new Client({ connectionString: world.urls[0] });
  await writer.connect();
  await writer.query('BEGIN');
  await writer.query('UPDATE notification.bookings SET version = 2 WHERE booking_id = $1', [delivery.bookingId]);
  const claim = claimNewest(world.db, delivery, now);
  await until(isWaiting, { what: 'the claim to wait for the newer state' });
  await writer.query('COMMIT');
  await writer.end();
  expect(await claim).toBeUndefined();
  expect(
    await world.rows('SELECT status, error_code FROM notification.deliveries WHERE id = $1', [delivery.id]),
  ).toEqual([{ status: 'suppressed', error_code: 'superseded' }]);
});

it('goes to one of those who claim at once; the others are told that it is under way', async () => {
  const delivery = await addDelivery();
  const claims = await Promise.allSettled(Array.from({ length: 8 }, () => claimNewest(world.db, delivery, now)));
  expect(claims.filter(({ status }) => status === 'fulfilled')).toEqual([
    { status: 'fulfilled', value: { id: delivery.id, attempts: 1, mayRepeat: false } },
  ]);
  for (const claim of claims.filter(({ status }) => status === 'rejected')) {
    expect(claim).toMatchObject({ reason: { code: 'in-progress' } });
  }
});

async function isWaiting(): Promise<boolean> {
  const waiting = await world.rows(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return waiting.length > 0;
}
