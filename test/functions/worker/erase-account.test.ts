import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { requestErasures } from '../../../functions/cron/request-erasures.ts';
import type { AnyEvent } from '../../../schemas/events/contract.ts';
import { EmailRequested, ErasureRequested } from '../../../schemas/events/jobs.v1.ts';
import { closeAccount, takeCustomerTurn } from '../../../shared/db/accounts.ts';
import { findPerson } from '../../../shared/db/eligibility.ts';
import { listIdentified, listIdentities } from '../../../shared/db/patient-identities.ts';
import { hasPatient } from '../../../shared/db/patients.ts';
import { listPatientRecipients } from '../../../shared/db/recipients.ts';
import { bookings } from '../../../shared/db/schema/booking.ts';
import { suppressAddress } from '../../../shared/db/suppressed-addresses.ts';
import type { SubjectContext } from '../../../shared/db/subject-data/contexts.ts';
import { AppError } from '../../../shared/errors.ts';
import { awayDatabase, heldBooking } from '../cron/contexts.ts';
import { taskContext } from '../cron/tick.ts';
import { addPatient, addProxy } from '../../support/practices.ts';
import { type Bearer, NOON, openWorld, type World } from './world.ts';

let world: World;
let patientId: string;
const away = awayDatabase();
const closers: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => {
  for (const close of closers) await close();
  await away.$client.end();
  await world.close();
});
beforeEach(async () => {
  world.clock.now = NOON;
  world.sent.length = 0;
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

async function report(): Promise<void> {
  await world.rows(
    `INSERT INTO laboratory.reports (id, country_code, patient_id, sender, filler_order, identity, version, status, category,
       content, digest, effective_at)
     VALUES ($1, 'fr', $2, 'lab', $3, $3, 1, 'final', 'routine', '{}', '', $4)`,
    [randomUUID(), patientId, randomUUID(), NOON.toString()],
  );
}

async function bookingOf(id: string) {
  const [row] = await world.rows('SELECT * FROM booking.bookings WHERE id = $1', [id]);
  return row;
}

describe('an erasure', () => {
  it('is asked for, told which law keeps what, done, and told of', async () => {
    const { status, id, body } = await request();
    expect([status, body['lawKeeps']]).toMatchObject([202, [{ what: 'clinical', years: 20 }, { what: 'consent' }]]);
    expect(await world.erase(await takeJob())).toEqual([503, 204]);
    expect(await countPatients()).toBe(0);
    expect((await read(id)).body).toMatchObject({ status: 'completed', kept: [], done: expect.any(Array) });
    expect((await read(id)).body['fading']).toContainEqual({ where: 'lab-quarantine', days: 150 });
    expect(body['fading']).toEqual((await read(id)).body['fading']);
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
    await world.erase(await takeJob());
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
    await world.erase(await takeJob());
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
    await world.erase(await takeJob());
    expect(await world.rows('SELECT FROM patient.contact_points WHERE patient_id = $1', [other])).toHaveLength(2);
  });

  it('is one, however often it is asked for, at once too', async () => {
    const asked = await Promise.all(Array.from({ length: 8 }, () => request()));
    expect(new Set(asked.map(({ status, id }) => `${status} ${id}`)).size).toBe(1);
    const [event, ...again] = await world.takeEvents();
    if (!event) throw new Error('no job');
    expect(await world.erase(event)).toEqual([503, 204]);
    for (const repeated of again) expect(await world.deliver(repeated)).toBe(204);
    expect(await world.rows('SELECT FROM worker.job_runs WHERE patient_id = $1', [patientId])).toHaveLength(1);
  });

  it('that was given up is done when it is asked for again, though nobody finds the patient any more', async () => {
    const { id } = await request();
    const event = await takeJob();
    const deliver = deliverWithout('laboratory');
    const { attempts } = ErasureRequested.policy;
    const statuses: number[] = [];
    for (let attempt = 0; attempt < attempts; attempt += 1) statuses.push(await deliver(event));
    expect([statuses.at(-1), (await read(id)).body['status']]).toEqual([422, 'requested']);
    expect(await request()).toMatchObject({ status: 202, id });
    expect(await world.erase(await takeJob())).toEqual([503, 204]);
    expect((await read(id)).body['status']).toBe('completed');
  });

  it('keeps a birth date until the end, sealed, for what law keeps by it', async () => {
    const { id } = await request();
    const event = await takeJob();
    expect([await world.deliver(event), await countPatients()]).toEqual([503, 0]);
    const [kept] = await world.rows<{ sealed: string }>('SELECT born_on AS sealed FROM worker.erasures WHERE id = $1', [
      id,
    ]);
    const sealed = kept?.sealed ?? '';
    expect(sealed).not.toContain('1985');
    expect(await world.seals.unseal(world.deps.patients, patientId, sealed)).toBe('1985-04-12');
    world.clock.now = NOON.add({ seconds: 70 });
    expect(await world.deliver(event)).toBe(204);
    expect(await world.seals.unseal(world.deps.patients, patientId, sealed)).toBeUndefined();
  });

  it('takes with it what comes while it is under way', async () => {
    await world.rows(`UPDATE patient.patients SET birth_date = '2025-06-01' WHERE id = $1`, [patientId]);
    const { id } = await request();
    const event = await takeJob();
    expect(await world.deliver(event)).toBe(503);
    const ahead = await visit('confirmed', NOON.add({ hours: 2 }));
    await report();
    world.clock.now = NOON.add({ seconds: 69 });
    expect([await world.deliver(event), (await bookingOf(ahead))?.['status']]).toEqual([503, 'confirmed']);
    world.clock.now = NOON.add({ seconds: 70 });
    expect(await world.deliver(event)).toBe(204);
    const booking = await bookingOf(ahead);
    expect([booking?.['status'], booking?.['patient_id'] === patientId]).toEqual(['cancelled', false]);
    expect(await world.rows('SELECT FROM laboratory.reports WHERE patient_id = $1', [patientId])).toEqual([]);
    // The 28th birthday comes later than twenty years from the report.
    expect((await read(id)).body['kept']).toMatchObject([{ context: 'laboratory', records: 1, until: '2053-06-01' }]);
  });

  it('lets nobody find the patient from the moment on at which their account is closed, but for the last messages', async () => {
    const { contexts, patients } = world.deps;
    const identifier = { system: 'urn:lab', value: patientId };
    await world.rows('INSERT INTO patient.identifiers (authority, value, patient_id) VALUES ($1, $2::text, $2::uuid)', [
      identifier.system,
      patientId,
    ]);
    const find = async () => [
      await hasPatient(patients, 'fr', patientId),
      (await listIdentified(patients, [identifier])).length,
      (await listIdentities(patients, [patientId])).length,
      (await findPerson(patients, 'fr', patientId)) !== undefined,
      (await world.rows('SELECT FROM patient.published_identifiers WHERE patient_id = $1', [patientId])).length,
      (await listPatientRecipients(patients, patientId, NOON)).length,
    ];
    expect(await find()).toEqual([true, 1, 1, true, 1, 1]);
    await contexts.patient.transaction((tx) => closeAccount(tx, { patientId, country: 'fr', now: NOON }));
    expect(await find()).toEqual([false, 0, 0, false, 0, 1]);
    expect((await request()).status).toBe(404);
    expect((await world.ask('POST', `/fr/patients/${patientId}/export`, self())).status).toBe(404);
  });

  it('counts from when the account is closed, however long others were still writing', async () => {
    await request();
    const event = await takeJob();
    const { writing, done } = await writeOf(patientId);
    const first = world.deliver(event);
    await expect.poll(() => world.rows(waiting), { timeout: 10_000 }).toHaveLength(1);
    world.clock.now = NOON.add({ seconds: 60 });
    done();
    await writing;
    expect(await first).toBe(503);
    world.clock.now = NOON.add({ seconds: 129 });
    expect(await world.deliver(event)).toBe(503);
    world.clock.now = NOON.add({ seconds: 130 });
    expect(await world.deliver(event)).toBe(204);
  });

  it('is not hindered by text that only looks sealed', async () => {
    const forged = (await world.sealFor(patientId, 'words')).replace(/\.[^.]+$/, '.AAAAAAAAAAAAAAAAAAAAAA');
    await world.rows(
      `INSERT INTO patient.consents (patient_id, purpose, version, country_code, decision, consent_version, occurred_at)
       VALUES ($1, 'research', 1, 'fr', 'given', $2, $3)`,
      [patientId, forged, NOON.toString()],
    );
    await request();
    expect(await world.erase(await takeJob())).toEqual([503, 204]);
  });

  it('whose event comes twice, and to several at once, is done once', async () => {
    const { id } = await request();
    const event = await takeJob();
    const other = world.startFunction();
    await world.deliver(event);
    world.clock.now = NOON.add({ seconds: 70 });
    const statuses = await Promise.all([world.deliver(event), other.deliver(event), world.deliver(event)]);
    expect(statuses.filter((status) => status !== 204 && status !== 409)).toEqual([]);
    expect(await world.deliver(event)).toBe(204);
    const told = await world.rows(`SELECT event FROM patient.outbox WHERE event ->> 'id' = $1`, [id]);
    expect(told).toHaveLength(1);
  });

  it('is not asked for of somebody who was erased', async () => {
    await request();
    await world.erase(await takeJob());
    expect((await request()).status).toBe(404);
  });

  it('past its deadline is not done, and can be asked for again', async () => {
    const { id } = await request();
    world.clock.now = NOON.add({ minutes: ErasureRequested.policy.withinMinutes });
    expect([await world.deliver(await takeJob()), await countPatients()]).toEqual([422, 1]);
    expect((await read(id)).body['status']).toBe('failed');
    const again = await request();
    expect([again.id === id, await world.erase(await takeJob()), await countPatients()]).toEqual([
      false,
      [503, 204],
      0,
    ]);
  });

  it('past its deadline half done can be asked for again, and knows what the first knew', async () => {
    await world.rows(`UPDATE patient.patients SET birth_date = '2025-06-01' WHERE id = $1`, [patientId]);
    await request();
    const event = await takeJob();
    expect([await world.deliver(event), await countPatients()]).toEqual([503, 0]);
    await report();
    world.clock.now = NOON.add({ minutes: ErasureRequested.policy.withinMinutes });
    expect(await world.deliver(event)).toBe(422);
    const { id } = await request();
    expect(await world.deliver(await takeJob())).toBe(204);
    expect((await read(id)).body).toMatchObject({ status: 'completed', kept: [{ until: '2053-06-01' }] });
  });
});

const waiting = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/** Somebody who has their turn to write about a customer until they are done. */
async function writeOf(customerId: string) {
  const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const writing = world.deps.contexts.patient.transaction(async (tx) => {
    await takeCustomerTurn(tx, customerId);
    begun.resolve();
    await end.promise;
  });
  await begun.promise;
  return { writing, done: () => end.resolve() };
}

describe('whoever is erased', () => {
  const key = () => `${patientId}@example.com`;
  const told = () => world.sent.filter(({ to }) => to === key() || to.startsWith('+'));

  it('is told so by e-mail, once, in their language, whoever asked for it', async () => {
    const guardian: Bearer = { role: 'patient', subject: await addPatient(world.admin) };
    await addProxy(world.admin, patientId, guardian.subject);
    await request(guardian);
    const event = await takeJob();
    const { deliver } = world.startFunction({ contexts: { ...world.deps.contexts, booking: away } });
    expect([await deliver(event), await deliver(event)]).toEqual([503, 503]);
    expect(await world.erase(event)).toEqual([503, 204]);
    expect(told()).toMatchObject([{ channel: 'email', to: key(), text: expect.stringContaining('effacement') }]);
  });

  it.each([
    [
      'has no e-mail',
      (id: string) =>
        world.rows(`DELETE FROM patient.contact_points WHERE patient_id = $1 AND channel = 'email'`, [id]),
    ],
    [
      'whose e-mail bounced',
      (id: string) => suppressAddress(world.deps.contexts.notification, 'email', `${id}@example.com`, 'bounced'),
    ],
  ])('and %s is told by SMS', async (_, change) => {
    await change(patientId);
    await request();
    expect(await world.erase(await takeJob())).toEqual([503, 204]);
    expect(told()).toMatchObject([{ channel: 'sms', to: '+33639980001' }]);
  });

  it.each([
    ['fr', 'un compte Careflow dont vous vous occupez'],
    ['de', 'ein Careflow-Konto, um das Sie sich kümmern'],
    ['en', 'a Careflow account that you look after'],
  ])(
    'and cannot be reached is told through those who act for them, whose own account it is not: %s',
    async (...said) => {
      const [language, words] = said;
      const guardian = await addPatient(world.admin);
      await addProxy(world.admin, patientId, guardian);
      await world.rows('DELETE FROM patient.contact_points WHERE patient_id = $1', [patientId]);
      await world.rows(
        `INSERT INTO patient.preferences (patient_id, language) VALUES ($1, $2)
       ON CONFLICT (patient_id) DO UPDATE SET language = excluded.language`,
        [guardian, language],
      );
      await request();
      expect(await world.erase(await takeJob())).toEqual([503, 204]);
      expect(world.sent).toMatchObject([
        { channel: 'email', to: `${guardian}@example.com`, text: expect.stringContaining(words) },
      ]);
      expect(world.sent[0]?.text).not.toMatch(/votre compte|Ihr Careflow-Konto|your Careflow account/);
    },
  );

  it('is told when the provider takes it, and before anything of theirs is gone', async () => {
    await request();
    const event = await takeJob();
    const sendEmail = () => Promise.reject(new AppError('unavailable', 'throttled'));
    expect(await world.startFunction({ sendEmail }).deliver(event)).toBe(503);
    expect([await countPatients(), told()]).toEqual([1, []]);
    expect(await world.erase(event)).toEqual([503, 204]);
    expect(told()).toHaveLength(1);
  });

  it('is erased all the same where the provider refuses to tell them', async () => {
    await request();
    const sendEmail = () => Promise.reject(new AppError('unprocessable', 'refused', { reason: 'message-rejected' }));
    const { deliver } = world.startFunction({ sendEmail });
    expect(await world.erase(await takeJob(), deliver)).toEqual([503, 204]);
  });

  it('may be told twice by a process that is killed before it has noted it, and that is noted', async () => {
    await request();
    const event = await takeJob();
    let isDead = false;
    const killed = world.startFunction({
      sendEmail: (email) => {
        isDead = true;
        return world.deps.sendEmail(email);
      },
      now: () => {
        if (isDead) throw new AppError('unavailable', 'killed');
        return world.clock.now;
      },
    });
    await killed.deliver(event);
    world.clock.now = NOON.add({ seconds: ErasureRequested.policy.leaseSeconds });
    const { deliver } = world.startFunction({ contexts: { ...world.deps.contexts, booking: away } });
    expect([await deliver(event), told().length]).toEqual([503, 2]);
    const runs = await world.rows(`SELECT state, may_repeat FROM worker.job_runs WHERE patient_id = $1 AND type = $2`, [
      patientId,
      EmailRequested.type,
    ]);
    expect(runs).toEqual([{ state: 'done', may_repeat: true }]);
  });
});

describe('an erasure of somebody with a critical result', () => {
  it.each([
    ['nobody has taken note of', 88, '', [503, 503], 1],
    ['was alerted to long ago', 90, '', [503, 204], 0],
    ['somebody has taken note of', 5, 'acknowledged_at', [503, 204], 0],
    ['was taken back', 5, 'closed_at', [503, 204], 0],
  ] as const)('that %s: after %d minutes', async (_, minutes, ended, statuses, left) => {
    await alert(NOON.subtract({ minutes }), ended);
    await request();
    expect(await world.erase(await takeJob())).toEqual(statuses);
    expect(await world.rows('SELECT FROM laboratory.critical_alerts WHERE patient_id = $1', [patientId])).toHaveLength(
      left,
    );
  });

  it('is done once a clinician has taken note of it', async () => {
    await alert(NOON, '');
    const { id } = await request();
    const event = await takeJob();
    expect(await world.erase(event)).toEqual([503, 503]);
    await world.rows('UPDATE laboratory.critical_alerts SET acknowledged_at = $2 WHERE patient_id = $1', [
      patientId,
      NOON.toString(),
    ]);
    expect(await world.erase(event)).toEqual([204, 204]);
    expect((await read(id)).body['status']).toBe('completed');
  });

  it('ends by itself when the alert is over, though its job was given up before', async () => {
    await alert(NOON, '');
    const { id } = await request();
    expect(await deliverUntilOver(await takeJob())).toBe(422);
    let minutes = 0;
    for (; minutes < 120 && (await read(id)).body['status'] === 'requested'; minutes += 1) {
      world.clock.now = NOON.add({ minutes: minutes + 1 });
      await requestErasures(world.deps.db).run(taskContext({ now: world.clock.now }));
      for (const event of await world.takeEvents()) await deliverUntilOver(event);
    }
    expect([(await read(id)).body['status'], minutes, await countPatients()]).toEqual(['completed', 90, 0]);
  });

  async function alert(raisedAt: Temporal.Instant, ended: '' | 'acknowledged_at' | 'closed_at'): Promise<void> {
    await report();
    await world.rows(
      `INSERT INTO laboratory.observations (id, report_id, patient_id, identity, status, content, digest, effective_at,
         local_system, local_code, is_parked, is_critical)
       SELECT id, id, patient_id, 'k', 'final', '{}', '', effective_at, 'l', 'K', false, true
       FROM laboratory.reports WHERE patient_id = $1`,
      [patientId],
    );
    await world.rows(
      `INSERT INTO laboratory.critical_alerts (id, country_code, report_id, observation_id, patient_id, report_version, raised_at)
       SELECT id, 'fr', id, id, patient_id, 1, $2 FROM laboratory.reports WHERE patient_id = $1`,
      [patientId, raisedAt.toString()],
    );
    if (ended)
      await world.rows(`UPDATE laboratory.critical_alerts SET ${ended} = raised_at WHERE patient_id = $1`, [patientId]);
  }
});

/** What a KafkaSource does with an event, without the waits. @returns the last status. */
async function deliverUntilOver(event: AnyEvent, deliver = world.deliver): Promise<number> {
  const statuses: number[] = [];
  while (statuses.length <= ErasureRequested.policy.attempts && (statuses.at(-1) ?? 503) === 503) {
    statuses.push(await deliver(event));
  }
  return statuses.at(-1) ?? 0;
}

describe('an erasure whose job was given up', () => {
  const tick = (duration: Temporal.DurationLike) =>
    requestErasures(world.deps.db).run(taskContext({ now: NOON.add(duration) }));
  const askedFor = async (id: string) => (await world.takeEvents()).filter(({ subject }) => subject === id).length;

  beforeEach(async () => {
    await world.rows(`UPDATE worker.erasures SET status = 'failed' WHERE status = 'requested'`);
  });

  it('is asked for again when nobody has tried it for a while, once, by two at once too', async () => {
    const { id } = await request();
    expect(await deliverUntilOver(await takeJob(), deliverWithout('laboratory'))).toBe(422);
    expect([await tick({ minutes: 14 }), await askedFor(id)]).toEqual([0, 0]);
    const counts = await Promise.all([tick({ minutes: 15 }), tick({ minutes: 15 })]);
    expect([new Set(counts), await askedFor(id)]).toEqual([new Set([0, 1]), 1]);
    expect([await tick({ minutes: 29 }), await askedFor(id)]).toEqual([0, 0]);
    expect([await tick({ minutes: 30 }), await askedFor(id)]).toEqual([1, 1]);
  });

  it('is not asked for again while it is tried, or once it is done', async () => {
    const { id } = await request();
    const event = await takeJob();
    expect(await tick({ minutes: 14 })).toBe(0);
    world.clock.now = NOON.add({ minutes: 10 });
    expect([await world.deliver(event), await tick({ minutes: 20 })]).toEqual([503, 0]);
    world.clock.now = NOON.add({ minutes: 20 });
    expect([await world.deliver(event), await tick({ minutes: 60 }), await askedFor(id)]).toEqual([204, 0, 0]);
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
      expect([await world.erase(event), await countPatients()]).toEqual([[503, 204], 0]);
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
      const later = () => {
        world.clock.now = world.clock.now.add({ seconds: ErasureRequested.policy.leaseSeconds });
      };
      await deliver(event);
      later();
      survived = (await deliver(event)) === 204;
      later();
      await world.deliver(event);
      later();
      expect(await world.deliver(event)).toBe(204);
      expect(await countPatients()).toBe(0);
      const { body } = await read(id);
      expect(body).toMatchObject({ status: 'completed', kept: [{ context: 'patient', records: 1 }] });
      const told = await world.rows(`SELECT DISTINCT event ->> 'id' FROM patient.outbox WHERE partition_key = $1`, [
        patientId,
      ]);
      expect(told).toHaveLength(1);
    }
  }, 60_000);
});

/** What delivers to a process that cannot reach a context's database. */
function deliverWithout(context: SubjectContext) {
  const away = awayDatabase();
  closers.push(() => away.$client.end());
  return world.startFunction({ contexts: { ...world.deps.contexts, [context]: away } }).deliver;
}

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
    await world.erase(await takeJob());
    const readers: Bearer[] = [self(), guardian, { role: 'admin', subject: 'office' }];
    const statuses = await Promise.all(readers.map(async (as) => (await read(id, as)).status));
    expect(statuses).toEqual([200, 200, 200]);
    expect((await read(id, { role: 'patient', subject: randomUUID() })).status).toBe(404);
    expect((await world.ask('GET', `/de/erasures/${id}`, self())).status).toBe(404);
  });
});
