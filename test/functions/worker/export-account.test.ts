import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { ExportRequested } from '../../../schemas/events/jobs.v1.ts';
import { expireExports } from '../../../shared/db/exports.ts';
import { destroySubjectKey } from '../../../shared/db/subject-keys.ts';
import { awayDatabase } from '../cron/contexts.ts';
import { addPatient, addProxy } from '../../support/practices.ts';
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
const admin: Bearer = { role: 'admin', subject: 'office' };

async function request(as = self(), headers: Readonly<Record<string, string>> = {}) {
  const { status, body, headers: answered } = await world.ask('POST', `/fr/patients/${patientId}/export`, as, headers);
  return { status, id: String(body['id']), replayed: answered['idempotency-replayed'] };
}

/** Delivers what was just asked for. @returns the statuses of the answers. */
async function doJobs(deliver = world.deliver): Promise<number[]> {
  const statuses: number[] = [];
  for (const event of await world.takeEvents()) statuses.push(await deliver(event));
  return statuses;
}

const runsOf = (id: string | undefined) =>
  world.rows('SELECT state, attempts FROM worker.job_runs WHERE idempotency_key = $1', [id]);

const read = (id: string, as = self()) => world.ask('GET', `/fr/exports/${id}`, as);
const download = (id: string, as = self()) => world.ask('GET', `/fr/exports/${id}/archive`, as);

describe('an export', () => {
  it('is asked for, made, and downloaded until it expires', async () => {
    const { status, id } = await request();
    expect([status, (await read(id)).body['status'], (await download(id)).status]).toEqual([202, 'requested', 409]);
    expect(await doJobs()).toEqual([204]);
    const expiresAt = NOON.add({ hours: 7 * 24 });
    expect(await read(id)).toMatchObject({
      status: 200,
      body: { status: 'completed', expiresAt: expiresAt.toString() },
    });
    const { body, headers } = await download(id);
    expect(headers['content-disposition']).toContain(id);
    expect(body).toMatchObject({
      format: 'careflow-export/1',
      patientId,
      contexts: { patient: { patients: [{ id: patientId, family_name: 'Moreau' }] } },
    });
    world.clock.now = expiresAt;
    expect((await download(id)).status).toBe(404);
    await expireExports(world.deps.db, expiresAt);
    expect([(await read(id)).body['status'], (await download(id)).status]).toEqual(['expired', 404]);
  });

  it('is told to the patient by e-mail, once, without a word of what is in it', async () => {
    world.sent.length = 0;
    await request();
    await doJobs();
    expect(await doJobs()).toEqual([204]);
    expect(world.sent).toMatchObject([{ channel: 'email', to: `${patientId}@example.com` }]);
    expect(world.sent[0]?.text).toContain('lundi 10 mars 2031');
    expect(await doJobs()).toEqual([]);
  });

  it('lies sealed until it is downloaded', async () => {
    const { id } = await request();
    await doJobs();
    const [row] = await world.rows('SELECT archive FROM worker.exports WHERE id = $1', [id]);
    expect(JSON.stringify(row)).not.toContain('Moreau');
    await destroySubjectKey(world.deps.contexts.patient, patientId, NOON);
    expect((await download(id)).status).toBe(404);
  });

  it('is one at a time, however often it is asked for, and another one later', async () => {
    const asked = await Promise.all(Array.from({ length: 8 }, () => request()));
    expect(new Set(asked.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
    expect(await doJobs()).toEqual(asked.map(() => 204));
    expect(await runsOf(asked[0]?.id)).toEqual([{ state: 'done', attempts: 1 }]);
    expect((await request()).id).not.toBe(asked[0]?.id);
  });

  it('under an idempotency key is answered again what was answered first', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const first = await request(self(), headers);
    await doJobs();
    expect(await request(self(), headers)).toMatchObject({ id: first.id, replayed: 'true' });
  });

  it('whose event comes twice is made once', async () => {
    const { id } = await request();
    const [event] = await world.takeEvents();
    if (!event) throw new Error('no job');
    expect([await world.deliver(event), await world.deliver(event)]).toEqual([204, 204]);
    expect(await runsOf(id)).toEqual([{ state: 'done', attempts: 1 }]);
  });

  it('that was given up is made when it is asked for again', async () => {
    const away = awayDatabase();
    const { deliver } = world.startFunction({ contexts: { ...world.deps.contexts, laboratory: away } });
    const { id } = await request();
    const [event] = await world.takeEvents();
    if (!event) throw new Error('no job');
    for (let attempt = 1; attempt < ExportRequested.policy.attempts; attempt += 1) await deliver(event);
    expect([await deliver(event), (await read(id)).body['status']]).toEqual([422, 'requested']);
    expect([(await request()).id === id, await doJobs()]).toEqual([true, [204]]);
    expect((await read(id)).body['status']).toBe('completed');
    await away.$client.end();
  });

  it('does not hold the one before', async () => {
    const former = await request();
    await doJobs();
    const { id } = await request();
    await doJobs();
    const { body } = await download(id);
    expect(body).toMatchObject({ contexts: { worker: { exports: [{ id: former.id }, { id }] } } });
    expect(JSON.stringify(body)).not.toContain('"archive"');
  });

  it('holds text that only looks sealed as it is', async () => {
    const forged = (await world.sealFor(patientId, 'words')).replace(/\.[^.]+$/, '.AAAAAAAAAAAAAAAAAAAAAA');
    await world.rows('UPDATE patient.patients SET family_name = $1 WHERE id = $2', [forged, patientId]);
    const { id } = await request();
    expect(await doJobs()).toEqual([204]);
    expect((await download(id)).body).toMatchObject({ contexts: { patient: { patients: [{ family_name: forged }] } } });
  });

  it('holds a result once its patient reads it, and not before', async () => {
    const id = randomUUID();
    const said = { code: { codings: [] }, values: [], interpretation: [], notes: ['a held conclusion'], documents: [] };
    await world.rows(
      `INSERT INTO laboratory.reports (id, country_code, patient_id, sender, filler_order, identity, version, status,
         category, content, digest, effective_at, held_because, own_held_because)
       VALUES ($1, 'fr', $2, 'LAB', '1', '', 1, 'final', 'routine', $3, '', $4, '{}', '{critical}')`,
      [id, patientId, JSON.stringify(said), NOON.toString()],
    );
    const results = async () => {
      const asked = await request();
      await doJobs();
      const { contexts } = (await download(asked.id)).body;
      return ['a held conclusion', '"critical"', id].map((held) => JSON.stringify(contexts).includes(held));
    };
    expect(await results()).toEqual([false, false, false]);
    await world.rows('UPDATE laboratory.reports SET released_at = $2 WHERE id = $1', [id, NOON.toString()]);
    expect(await results()).toEqual([false, false, true]);
    await world.rows(
      'UPDATE laboratory.reports SET own_release_at = released_at, own_released_at = released_at WHERE id = $1',
      [id],
    );
    expect(await results()).toEqual([true, false, true]);
  });

  it.each(['critical-result-raised', 'critical-result-escalated'])(
    'tells of visits whom they were told to, and nothing of what clinicians are alerted to: %s',
    async (kind) => {
      const [alertedId, toldId] = [randomUUID(), randomUUID()];
      await noticeOf(kind, alertedId);
      await noticeOf('booking-confirmed', toldId);
      await world.rows(
        `INSERT INTO laboratory.idempotency_keys (subject, operation, key, fingerprint, status, body)
         VALUES ($1, 'acknowledgeCriticalResult', 'k', '', 200, $2)`,
        [alertedId, JSON.stringify({ patientId })],
      );
      const { id } = await request();
      await doJobs();
      const text = JSON.stringify((await download(id)).body);
      const isTold = [toldId, 'booking-confirmed', alertedId, 'critical-result'].map((word) => text.includes(word));
      expect(isTold).toEqual([true, true, false, false]);
    },
  );

  /** Of the patient, to a practitioner. */
  async function noticeOf(kind: string, practitionerId: string): Promise<void> {
    await world.rows(
      `WITH notice AS (
         INSERT INTO notification.notices (event_source, event_id, kind, country_code, patient_id, subject_id,
           subject_version, occurred_at)
         VALUES ('/s', gen_random_uuid(), $1, 'fr', $2, gen_random_uuid(), 1, $4) RETURNING id)
       INSERT INTO notification.deliveries (notice_id, recipient_type, recipient_id, channel, status, due_at)
       SELECT id, 'practitioner', $3, 'email', 'planned', $4 FROM notice`,
      [kind, patientId, practitionerId, NOON.toString()],
    );
  }

  it('past its deadline is not made, and can be asked for again', async () => {
    const { id } = await request();
    world.clock.now = NOON.add({ minutes: ExportRequested.policy.withinMinutes });
    expect(await doJobs()).toEqual([422]);
    expect((await read(id)).body['status']).toBe('failed');
    const again = await request();
    expect([again.id === id, await doJobs()]).toEqual([false, [204]]);
  });

  it.each(['booking', 'homekit', 'laboratory', 'notification', 'patient'] as const)(
    'is made when the database of %s is back',
    async (context) => {
      const away = awayDatabase();
      const { deliver } = world.startFunction({ contexts: { ...world.deps.contexts, [context]: away } });
      const { id } = await request();
      const [event] = await world.takeEvents();
      if (!event) throw new Error('no job');
      expect([await deliver(event), await world.deliver(event)]).toEqual([503, 204]);
      expect((await read(id)).body['status']).toBe('completed');
      await away.$client.end();
    },
  );
});

describe('who may have an export', () => {
  it('is the patient, a guardian of theirs, and for the asking an administrator', async () => {
    const guardian: Bearer = { role: 'patient', subject: await addPatient(world.admin) };
    await world.rows('UPDATE patient.proxies SET valid_from = $1', [NOON.toString()]);
    await addProxy(world.admin, patientId, guardian.subject);
    await world.rows('UPDATE patient.proxies SET valid_from = $1 WHERE patient_id = $2', [NOON.toString(), patientId]);
    const { id } = await request(guardian);
    await doJobs();
    expect([(await read(id, guardian)).status, (await download(id, guardian)).status]).toEqual([200, 200]);
    expect([(await request(admin)).status, (await read(id, admin)).status]).toEqual([202, 200]);
    expect((await download(id, admin)).status).toBe(403);
  });

  it.each([
    ['a stranger', { role: 'patient' }],
    ['a named proxy who is no guardian', { role: 'patient', relation: 'proxy' }],
    ['a practitioner', { role: 'practitioner' }],
    ['an office', { role: 'staff' }],
  ] as const)('is not %s', async (_, { role, ...named }) => {
    const other: Bearer = { role, subject: await addPatient(world.admin) };
    if ('relation' in named) {
      await world.rows(
        'INSERT INTO patient.proxies (patient_id, proxy_id, relation, valid_from) VALUES ($1, $2, $3, $4)',
        [patientId, other.subject, named.relation, NOON.toString()],
      );
    }
    const { id } = await request();
    await doJobs();
    expect((await request(other)).status).toBe(403);
    const mayKnow = [(await read(id, other)).status, (await download(id, other)).status];
    expect(mayKnow).toEqual(role === 'patient' ? [404, 404] : [403, 403]);
  });

  it('finds nothing in another country, nor of somebody who is not there', async () => {
    const { id } = await request();
    expect((await world.ask('GET', `/de/exports/${id}`, self())).status).toBe(404);
    expect((await world.ask('POST', `/de/patients/${patientId}/export`, self())).status).toBe(404);
    expect((await world.ask('POST', `/fr/patients/${randomUUID()}/export`, admin)).status).toBe(404);
  });
});
