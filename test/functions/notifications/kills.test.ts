import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, expect, it } from 'vitest';

import type { AnyEvent } from '../../../schemas/events/contract.ts';
import { LEASE_SECONDS } from '../../../shared/db/deliveries.ts';
import { until } from '../../support/until.ts';
import { booking, MORNING, openWorld, requestOf, type World } from './world.ts';

const SEED = Number(process.env['CAREFLOW_TEST_SEED'] ?? 4711);
const BOOKINGS = 20;
const KILLS = 4;
const WORKERS = 2;
const IN_FLIGHT = 6;

let world: World;
let workers: { readonly process: ChildProcess; readonly address: string }[] = [];
beforeAll(async () => {
  world = await openWorld();
  await world.rows(`CREATE TABLE public.taken (seq bigint GENERATED ALWAYS AS IDENTITY, delivery_id uuid NOT NULL)`);
});
afterAll(async () => {
  await killWorkers();
  await world.close();
});

async function startWorkers(clock: Temporal.Instant): Promise<void> {
  workers = await Promise.all(Array.from({ length: WORKERS }, () => startWorker(clock)));
}

async function startWorker(clock: Temporal.Instant) {
  const script = fileURLToPath(new URL('./worker.ts', import.meta.url));
  const args = [script, clock.toString(), ...world.urls];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [address] = await once(createInterface({ input: child.stdout }), 'line');
  return { process: child, address: String(address) };
}

async function killWorkers(): Promise<void> {
  const killed = workers.splice(0);
  await Promise.all(
    killed.map(async ({ process: child }) => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }),
  );
}

/** Numbers from 0 to 1, the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const random = randomFrom(SEED);

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

async function someEvents(): Promise<AnyEvent[]> {
  const practitionerId = await world.addPractitioner();
  const events: AnyEvent[] = [];
  for (let count = 0; count < BOOKINGS; count += 1) {
    const visit = booking({ practitionerId, patientId: await world.addPatient() }, '2030-01-20T09:00:00Z');
    events.push(visit.created());
    if (random() < 0.4) events.push(visit.rescheduled('2030-01-22T09:00:00Z'));
    if (random() < 0.3) events.push(visit.cancelled());
  }
  return events;
}

/** Whether the event is dealt with. An answer that asks for a redelivery, or none at all, says no. */
async function offer(event: AnyEvent): Promise<boolean> {
  const worker = workers[Math.floor(random() * workers.length)];
  if (!worker) return false;
  const { url, headers, method, payload } = requestOf(event);
  const answer = await fetch(`${worker.address}${url}`, { method, headers, body: payload }).catch(() => undefined);
  return answer?.status === 204;
}

async function deliverAll(events: readonly AnyEvent[]): Promise<void> {
  const waiting = [...events];
  const deliver = async () => {
    for (let event = waiting.shift(); event; event = waiting.shift()) {
      const next = event;
      await until(() => offer(next), { what: `event ${next.id} to be taken`, timeoutMs: 60_000 });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, deliver));
}

async function taken(): Promise<number> {
  const [row] = await world.rows<{ count: number }>('SELECT count(*)::int AS count FROM public.taken');
  return row?.count ?? 0;
}

it(
  `loses no message and repeats none in silence, whatever is killed (seed ${SEED})`,
  { timeout: 180_000 },
  async () => {
    const events = await someEvents();
    let clock = Temporal.Instant.from(MORNING);
    await startWorkers(clock);
    const delivered = deliverAll(shuffled([...events, ...events]));
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const enough = Math.floor(((kill - random() / 2) * BOOKINGS * 3) / KILLS);
      await until(async () => (await taken()) >= enough, { what: `${enough} messages`, timeoutMs: 60_000 });
      await killWorkers();
      // Nobody sends any more: the leases of the dead run out.
      clock = clock.add({ seconds: LEASE_SECONDS + 30 });
      await startWorkers(clock);
    }
    await delivered;

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
    const repeats = (await taken()) - (await distinctlyTaken());
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
