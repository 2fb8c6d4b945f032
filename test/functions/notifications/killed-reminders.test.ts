import { afterAll, beforeAll, expect, it } from 'vitest';

import { createDice } from '../../../infra/seed/dice.ts';
import type { AnyEvent } from '../../../schemas/events/contract.ts';
import { confirmSent, LEASE_SECONDS, settleText } from '../../../shared/db/deliveries.ts';
import { triggerDueReminders } from '../../../shared/db/reminders.ts';
import { shuffled } from '../../load/offers.ts';
import { until } from '../../support/until.ts';
import { openWorkers, type Workers } from './workers.ts';
import { openWorld, type World } from './world.ts';

const SEED = process.env['CAREFLOW_TEST_SEED'] ?? '4711';
const REMINDERS = 300;
const KILLS = 4;
const IN_FLIGHT = 12;
const DUE = '2030-01-13T09:00:00Z';
const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const dice = createDice(`killed reminders ${SEED}`);
let world: World;
let workers: Workers;
beforeAll(async () => {
  world = await openWorld();
  workers = await openWorkers(world, dice);
});
afterAll(async () => {
  await workers.kill();
  await world.close();
});

/** Reminders of visits of as many patients, all due at once, every third by SMS. */
async function addReminders(): Promise<void> {
  const practitionerId = await world.addPractitioner();
  await world.rows(
    `WITH people AS (
       INSERT INTO patient.patients (id, country_code, given_name, family_name, birth_date, sex, time_zone)
       SELECT gen_random_uuid(), 'fr', 'Anna', 'Secret', '1990-01-01', 'female', 'Europe/Paris' FROM generate_series(1, $1)
       RETURNING id
     ), ways AS (
       SELECT id, n, CASE n % 3 WHEN 0 THEN 'sms' ELSE 'email' END AS channel
       FROM (SELECT id, row_number() OVER () AS n FROM people) AS numbered
     ), addresses AS (
       INSERT INTO patient.contact_points (patient_id, channel, value)
       SELECT id, channel, CASE channel WHEN 'sms' THEN '+336' || lpad(n::text, 8, '0') ELSE id || '@home.example' END FROM ways
     ), visits AS (
       INSERT INTO notification.bookings
       SELECT gen_random_uuid(), 1, 'fr', $2, id, $3::timestamptz + '7 days', $3::timestamptz + '7 days 1 hour' FROM people
       RETURNING *
     )
     INSERT INTO notification.reminders
       (booking_id, booking_version, rung, channel, country_code, patient_id, visit_day, due_at)
     SELECT booking_id, 1, w.channel || '-7d', w.channel, 'fr', patient_id, slot_start::date, $3::timestamptz
     FROM visits JOIN ways w ON w.id = patient_id`,
    [REMINDERS, practitionerId, DUE],
  );
}

async function trigger(now: Temporal.Instant): Promise<AnyEvent[]> {
  while ((await triggerDueReminders(world.db, now, 50, TRACE)) > 0);
  return world.takeEvents();
}

type Taken = { delivery_id: string; seq: string; channel: string; claimed_at: Date; address_hash: Buffer };

/** What the provider tells of the messages it took while those who sent them were killed: of texts, to which phone and when. */
async function hearProvider(): Promise<void> {
  const taken = await world.rows<Taken>(
    `SELECT delivery_id, seq, channel, claimed_at, address_hash
     FROM public.taken JOIN notification.deliveries d ON d.id = delivery_id WHERE d.status <> 'sent'`,
  );
  for (const { delivery_id: id, seq, channel, claimed_at: claimedAt, address_hash: addressHash } of taken) {
    const [providerMessageId, at] = [`m-${seq}`, claimedAt.toTemporalInstant()];
    if (channel === 'sms') await settleText(world.db, { addressHash, providerMessageId, at });
    else await confirmSent(world.db, id, providerMessageId, at);
  }
}

it(`loses no reminder and sends none twice, whatever is killed (seed ${SEED})`, { timeout: 180_000 }, async () => {
  await addReminders();
  let clock = Temporal.Instant.from(DUE);
  const events = await trigger(clock);
  expect(events).toHaveLength(REMINDERS);
  await workers.start(clock);
  const delivered = workers.deliverAll(shuffled([...events, ...events], dice), IN_FLIGHT);
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const enough = Math.floor(((kill - dice.below(50) / 100) * REMINDERS) / (KILLS + 1));
    await until(async () => (await workers.taken()) >= enough, { what: `${enough} messages`, timeoutMs: 60_000 });
    await workers.kill();
    await hearProvider();
    clock = clock.add({ seconds: LEASE_SECONDS });
    await workers.start(clock);
  }
  await delivered;
  await workers.sendWaiting(clock.add({ minutes: 5 }), IN_FLIGHT);

  expect(await workers.wrong()).toEqual([]);
  expect(await world.rows('SELECT status, count(*)::int AS count FROM notification.reminders GROUP BY status')).toEqual(
    [{ status: 'sent', count: REMINDERS }],
  );
  expect(await workers.taken()).toBe(REMINDERS);
});
