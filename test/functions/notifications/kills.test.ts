import { afterAll, beforeAll, expect, it } from 'vitest';

import { createDice } from '../../../infra/seed/dice.ts';
import type { AnyEvent } from '../../../schemas/events/contract.ts';
import { LEASE_SECONDS } from '../../../shared/db/deliveries.ts';
import { shuffled } from '../../load/offers.ts';
import { until } from '../../support/until.ts';
import { openWorkers, type Workers } from './workers.ts';
import { booking, MORNING, openWorld, type World } from './world.ts';

const SEED = process.env['CAREFLOW_TEST_SEED'] ?? '4711';
const BOOKINGS = 20;
const KILLS = 4;
const IN_FLIGHT = 6;

const dice = createDice(`kills ${SEED}`);
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

async function someEvents(): Promise<AnyEvent[]> {
  const practitionerId = await world.addPractitioner();
  const events: AnyEvent[] = [];
  for (let count = 0; count < BOOKINGS; count += 1) {
    const visit = booking({ practitionerId, patientId: await world.addPatient() }, '2030-01-20T09:00:00Z');
    events.push(visit.created());
    if (dice.chance(0.4)) events.push(visit.rescheduled('2030-01-22T09:00:00Z'));
    if (dice.chance(0.3)) events.push(visit.cancelled());
  }
  return events;
}

it(
  `loses no message and repeats none in silence, whatever is killed (seed ${SEED})`,
  { timeout: 180_000 },
  async () => {
    const events = await someEvents();
    let clock = Temporal.Instant.from(MORNING);
    await workers.start(clock);
    const delivered = workers.deliverAll(shuffled([...events, ...events], dice), IN_FLIGHT);
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const enough = Math.floor(((kill - dice.below(50) / 100) * BOOKINGS * 3) / KILLS);
      await until(async () => (await workers.taken()) >= enough, { what: `${enough} messages`, timeoutMs: 60_000 });
      await workers.kill();
      // Nobody sends any more: the leases of the dead run out.
      clock = clock.add({ seconds: LEASE_SECONDS + 30 });
      await workers.start(clock);
    }
    await delivered;
    await workers.sendWaiting(clock.add({ minutes: 5 }), IN_FLIGHT);

    const accounts = await world.rows<{ deliveries: number; open: number }>(
      `SELECT count(*)::int AS deliveries,
       count(*) FILTER (WHERE status NOT IN ('sent', 'suppressed') OR error_code <> 'superseded')::int AS open
     FROM notification.deliveries`,
    );
    expect(accounts).toEqual([{ deliveries: events.length * 4, open: 0 }]);
    const lost = await world.rows(
      `SELECT id FROM notification.deliveries d
     WHERE status = 'sent' AND NOT EXISTS (SELECT FROM public.taken t WHERE t.delivery_id = d.id)`,
    );
    expect(lost).toEqual([]);
    const repeatedInSilence = await world.rows(
      `SELECT id FROM notification.deliveries d JOIN public.taken t ON t.delivery_id = d.id
     GROUP BY id HAVING count(*) > CASE WHEN may_repeat THEN attempts ELSE 1 END`,
    );
    expect(repeatedInSilence).toEqual([]);
    const repeats = (await workers.taken()) - (await distinctlyTaken());
    expect(repeats).toBeLessThanOrEqual(KILLS * IN_FLIGHT);
  },
);

it('tells of every booking in order, its newest state last', async () => {
  const outOfOrder = await world.rows(
    `WITH told AS (
       SELECT n.subject_id, n.subject_version, d.recipient_id, d.channel, t.seq
       FROM notification.deliveries d JOIN notification.notices n ON n.id = d.notice_id
       JOIN public.taken t ON t.delivery_id = d.id
     )
     SELECT DISTINCT subject_id FROM told d JOIN told e USING (subject_id, recipient_id, channel)
     WHERE d.subject_version < e.subject_version AND d.seq > e.seq`,
  );
  expect(outOfOrder).toEqual([]);
  const untold = await world.rows(
    `SELECT b.booking_id FROM notification.bookings b WHERE 4 <> (
       SELECT count(*) FROM notification.deliveries d JOIN notification.notices n ON n.id = d.notice_id
       WHERE n.subject_id = b.booking_id AND n.subject_version = b.version AND d.status = 'sent')`,
  );
  expect(untold).toEqual([]);
});

async function distinctlyTaken(): Promise<number> {
  const [row] = await world.rows<{ count: number }>(
    'SELECT count(DISTINCT delivery_id)::int AS count FROM public.taken',
  );
  return row?.count ?? 0;
}
