import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { AnyEvent } from '../../../schemas/events/contract.ts';
import { ErasureRequested } from '../../../schemas/events/jobs.v1.ts';
import { bookings } from '../../../shared/db/schema/booking.ts';
import { AppError } from '../../../shared/errors.ts';
import { awayDatabase, heldBooking } from '../cron/contexts.ts';
import { addPatient } from '../../support/practices.ts';
import { type Bearer, NOON, openWorld, type World } from './world.ts';

let world: World;
let patientId: string;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  world.clock.now = NOON;
  await world.takeEvents();
  patientId = await addPatient(world.admin);
});

const self = (): Bearer => ({ role: 'patient', subject: patientId });

async function request(as = self()) {
  const { status, body } = await world.ask('POST', `/fr/patients/${patientId}/erase`, as);
  return { status, id: String(body['id']), body };
}

async function takeJob(): Promise<AnyEvent> {
  const [event] = await world.takeEvents();
  if (!event) throw new Error('no job');
  return event;
}

const read = (id: string, as = self()) => world.ask('GET', `/fr/erasures/${id}`, as);

async function countPatients(): Promise<number> {
  return (await world.rows('SELECT FROM patient.patients WHERE id = $1', [patientId])).length;
}

async function visit(status: 'confirmed' | 'held', slotStart: Temporal.Instant): Promise<string> {
  const slotEnd = slotStart.add({ minutes: 30 });
  const times = { slotStart, slotEnd, busyStart: slotStart, busyEnd: slotEnd };
  const holdExpiresAt = status === 'held' ? slotStart : null;
  const booking = heldBooking({ patientId, status, actedBy: patientId, holdExpiresAt, ...times });
  await world.admin.insert(bookings).values(booking);
  return booking.id;
}

async function bookingOf(id: string) {
  const [row] = await world.rows('SELECT * FROM booking.bookings WHERE id = $1', [id]);
  return row;
}

describe('an erasure', () => {
  it('is asked for, told which law keeps what, done, and told of', async () => {
    const { status, id, body } = await request();
    expect([status, body['lawKeeps']]).toMatchObject([202, [{ what: 'clinical', years: 20 }, { what: 'consent' }]]);
    expect(await world.deliver(await takeJob())).toBe(204);
    expect(await countPatients()).toBe(0);
    expect((await read(id)).body).toMatchObject({ status: 'completed', kept: [], done: expect.any(Array) });
    const told = await world.rows(`SELECT event FROM patient.outbox WHERE partition_key = $1`, [patientId]);
    expect(told).toMatchObject([
      { event: { id, type: 'careflow.account.erased.v1', data: { customerId: patientId, country: 'fr' } } },
    ]);
  });

  it('signs the patient out everywhere, for good', async () => {
    const use = `SELECT patient.use_session($1, $2, 'fr', '1 hour', '1 day') AS state`;
    const reference = Buffer.from(randomUUID());
    expect(await world.rows(use, [reference, patientId])).toEqual([{ state: 'live' }]);
    await request();
    await world.deliver(await takeJob());
    expect(await world.rows(use, [reference, patientId])).toEqual([{ state: 'revoked' }]);
    expect(await world.rows(use, [Buffer.from(randomUUID()), patientId])).toEqual([{ state: 'revoked' }]);
  });

  it('cancels the visits ahead, gives holds back, and leaves what was as nobody’s', async () => {
    const [past, ahead, held] = [
      await visit('confirmed', NOON.subtract({ hours: 48 })),
      await visit('confirmed', NOON.add({ hours: 1 })),
      await visit('held', NOON.add({ hours: 2 })),
    ];
    await request();
    await world.deliver(await takeJob());
    const states = await Promise.all([past, ahead, held].map(bookingOf));
    expect(states.map((row) => row?.['status'])).toEqual(['confirmed', 'cancelled', 'released']);
    expect(new Set(states.map((row) => row?.['patient_id'])).size).toBe(3);
    expect(JSON.stringify(states)).not.toContain(patientId);
    const events = await world.rows<{ type: string }>(
      `SELECT event ->> 'type' AS type FROM booking.outbox WHERE event -> 'data' ->> 'patientId' = $1 ORDER BY 1`,
      [patientId],
    );
    expect(events.map(({ type }) => type)).toEqual(['careflow.booking.cancelled.v1', 'careflow.booking.released.v1']);
  });

  it('leaves others as they are', async () => {
    const other = await addPatient(world.admin);
    await request();
    await world.deliver(await takeJob());
    expect(await world.rows('SELECT FROM patient.contact_points WHERE patient_id = $1', [other])).toHaveLength(2);
  });

  it('is one, however often it is asked for, at once too', async () => {
    const asked = await Promise.all(Array.from({ length: 8 }, () => request()));
    expect(new Set(asked.map(({ status, id }) => `${status} ${id}`)).size).toBe(1);
    const events = await world.takeEvents();
    expect(events).toHaveLength(1);
  });

  it('whose event comes twice, and to several at once, is done once', async () => {
    const { id } = await request();
    const event = await takeJob();
    const other = world.startFunction();
    const statuses = await Promise.all([world.deliver(event), other.deliver(event), world.deliver(event)]);
    expect(statuses.filter((status) => status !== 204 && status !== 409)).toEqual([]);
    expect(await world.deliver(event)).toBe(204);
    const told = await world.rows(`SELECT event FROM patient.outbox WHERE event ->> 'id' = $1`, [id]);
    expect(told).toHaveLength(1);
  });

  it('is not asked for of somebody who was erased', async () => {
    await request();
    await world.deliver(await takeJob());
    expect((await request()).status).toBe(404);
  });

  it('past its deadline is not done, and can be asked for again', async () => {
    const { id } = await request();
    world.clock.now = NOON.add({ minutes: ErasureRequested.policy.withinMinutes });
    expect([await world.deliver(await takeJob()), await countPatients()]).toEqual([422, 1]);
    expect((await read(id)).body['status']).toBe('failed');
    const again = await request();
    expect([again.id === id, await world.deliver(await takeJob()), await countPatients()]).toEqual([false, 204, 0]);
  });
});

describe('an erasure that is cut off', () => {
  it.each(['booking', 'homekit', 'laboratory', 'notification', 'patient'] as const)(
    'by the database of %s goes on when it is back',
    async (context) => {
      const away = awayDatabase();
      const { deliver } = world.startFunction({ contexts: { ...world.deps.contexts, [context]: away } });
      const { id } = await request();
      const event = await takeJob();
      expect([await deliver(event), await countPatients()]).toEqual([503, 1]);
      expect((await read(id)).body['status']).toBe('requested');
      expect([await world.deliver(event), await countPatients()]).toEqual([204, 0]);
      expect((await read(id)).body['status']).toBe('completed');
      await away.$client.end();
    },
  );

  /** Everything it asks of its databases is counted; from the so-manieth on it fails as a process that is killed does. */
  it('anywhere at all goes on where it was, and ends the same', async () => {
    const consent = `INSERT INTO patient.consents (patient_id, purpose, version, country_code, decision, consent_version,
      occurred_at) VALUES ($1, 'research', 1, 'fr', 'given', '2030-01', $2)`;
    let survived = false;
    for (let calls = 1; !survived; calls += 1) {
      patientId = await addPatient(world.admin);
      await world.rows(consent, [patientId, NOON.toString()]);
      await visit('confirmed', NOON.add({ hours: calls }));
      const { id } = await request();
      const event = await takeJob();
      const { deliver } = world.startFunction({ now: dyingAfter(calls) });
      survived = (await deliver(event)) === 204;
      world.clock.now = world.clock.now.add({ seconds: ErasureRequested.policy.leaseSeconds });
      expect(await world.deliver(event)).toBe(204);
      expect(await countPatients()).toBe(0);
      const { body } = await read(id);
      expect(body).toMatchObject({ status: 'completed', kept: [{ context: 'patient', records: 1 }] });
      const told = await world.rows(`SELECT DISTINCT event ->> 'id' FROM patient.outbox WHERE partition_key = $1`, [
        patientId,
      ]);
      expect(told).toHaveLength(1);
    }
  });
});

/** A clock that dies when it is asked once too often: every step of an erasure asks it. */
function dyingAfter(calls: number): () => Temporal.Instant {
  let left = calls;
  return () => {
    if (left === 0) throw new AppError('unavailable', 'killed');
    left -= 1;
    return world.clock.now;
  };
}

describe('who may read an erasure', () => {
  it('is the patient, whoever asked for it and an administrator', async () => {
    const guardian: Bearer = { role: 'patient', subject: await addPatient(world.admin) };
    await world.rows(
      `INSERT INTO patient.proxies (patient_id, proxy_id, relation, valid_from) VALUES ($1, $2, 'guardian', $3)`,
      [patientId, guardian.subject, NOON.toString()],
    );
    const { id } = await request(guardian);
    await world.deliver(await takeJob());
    const readers: Bearer[] = [self(), guardian, { role: 'admin', subject: 'office' }];
    const statuses = await Promise.all(readers.map(async (as) => (await read(id, as)).status));
    expect(statuses).toEqual([200, 200, 200]);
    expect((await read(id, { role: 'patient', subject: randomUUID() })).status).toBe(404);
    expect((await world.ask('GET', `/de/erasures/${id}`, self())).status).toBe(404);
  });
});
