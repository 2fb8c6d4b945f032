import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { AnyEvent } from '../../../schemas/events/contract.ts';
import { ResultCorrected, ResultReleased, ResultRetracted } from '../../../schemas/events/lab-result.v1.ts';
import { AppError } from '../../../shared/errors.ts';
import { awayDatabase } from '../cron/contexts.ts';
import { eventOf, mailbox, MORNING, openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  world.sent.length = 0;
  world.setTime(MORNING);
});

function report(patientId: string) {
  return { reportId: randomUUID(), version: 1, country: 'fr', patientId };
}

async function released(patientId: string, more: object = {}) {
  const reportId = await world.addReport(patientId);
  return eventOf(ResultReleased, { ...report(patientId), reportId, releasedAt: MORNING, ...more });
}

async function corrected(patientId: string) {
  const reportId = await world.addReport(patientId);
  return eventOf(ResultCorrected, { ...report(patientId), reportId, version: 2, correctedAt: MORNING });
}

async function panelOf(reports: number, patientId: string): Promise<AnyEvent[]> {
  const events: AnyEvent[] = [];
  while (events.length < reports) events.push(await released(patientId));
  return events;
}

/** A critical result that comes later hides a report again. */
async function hide({ id }: AnyEvent): Promise<void> {
  await world.rows(
    `UPDATE laboratory.reports SET released_at = NULL
     WHERE id = (SELECT subject_id FROM notification.notices WHERE event_id = $1)`,
    [id],
  );
}

async function addProxy(patientId: string, validUntil: string | null = null): Promise<string> {
  const proxyId = await world.addPatient({ sms: null, preferences: { language: 'de' } });
  const since = { relation: 'guardian', valid_from: '2029-01-01T00:00:00Z', valid_until: validUntil };
  await world.insert('patient.proxies', { patient_id: patientId, proxy_id: proxyId, ...since });
  return proxyId;
}

async function tickAt(time: string): Promise<string[]> {
  world.setTime(time);
  await world.tick();
  return world.sent
    .splice(0)
    .map(({ channel, subject, text }) => `${channel}: ${subject ?? text}`)
    .toSorted();
}

const AVAILABLE = [
  'email: Un nouveau résultat est disponible',
  'sms: Careflow : un nouveau résultat est disponible. Pour le lire, ouvrez votre compte.',
];

describe('a report that is released', () => {
  it('is told five minutes later, by e-mail, SMS and push, without a word of what it is', async () => {
    const push = 'arn:aws:sns:eu-west-3:000000000000:endpoint/GCM/careflow/1';
    const event = await released(await world.addPatient({ push }), { testKitId: randomUUID() });
    expect(await world.deliver(event)).toBe(204);
    expect(await tickAt('2030-01-01T09:04:59Z')).toEqual([]);
    expect(await tickAt('2030-01-01T09:05:00Z')).toEqual([
      AVAILABLE[0],
      'push: Careflow : un nouveau résultat est disponible. Pour le lire, ouvrez votre compte.',
      AVAILABLE[1],
    ]);
    expect(await tickAt('2030-01-01T09:30:00Z')).toEqual([]);
  });

  it.each([
    ['fr', 'Un nouveau résultat est disponible', 'Un résultat a été corrigé', 'Un résultat a été retiré'],
    ['de', 'Ein neuer Befund liegt vor', 'Ein Befund wurde berichtigt', 'Ein Befund wurde zurückgezogen'],
    ['en', 'A new result is available', 'A result was corrected', 'A result was withdrawn'],
  ])(
    'is told in the language of the patient, and so are corrections and retractions (%s)',
    async (language, ...told) => {
      const patientId = await world.addPatient({ sms: null, preferences: { language } });
      await world.deliver(await released(patientId));
      await world.deliver(await corrected(patientId));
      await world.deliver(eventOf(ResultRetracted, { ...report(patientId), version: 3, retractedAt: MORNING }));
      expect(await tickAt('2030-01-01T09:05:00Z')).toEqual(told.map((subject) => `email: ${subject}`).toSorted());
    },
  );

  it('is told to those who act for the patient too, each in their language', async () => {
    const patientId = await world.addPatient({ sms: null });
    await addProxy(patientId);
    await addProxy(patientId, '2029-06-01T00:00:00Z');
    await world.deliver(await released(patientId));
    expect(await tickAt('2030-01-01T09:05:00Z')).toEqual([
      'email: Ein neuer Befund liegt vor',
      'email: Un nouveau résultat est disponible',
    ]);
  });

  it.each([
    [
      'by a channel that was refused',
      { sms: null, preferences: { channels: { result: { email: false } } } },
      'opted-out',
    ],
    ['without an address', { sms: null, email: null }, 'no-address'],
  ])('is not told %s', async (_, patient, reason) => {
    const event = await released(await world.addPatient(patient));
    await world.deliver(event);
    expect(await tickAt('2030-01-01T09:05:00Z')).toEqual([]);
    expect(await world.deliveriesOf(event)).toMatchObject([
      { channel: 'email', status: 'suppressed', error_code: reason },
      { channel: 'sms', status: 'suppressed', error_code: 'no-address' },
    ]);
  });
});

describe('the reports of a panel', () => {
  it('are one message on each channel when they come within five minutes, in whatever order and however often', async () => {
    const patientId = await world.addPatient();
    const events = await panelOf(6, patientId);
    const [first, ...others] = events;
    if (first) await world.deliver(first);
    world.pass({ minutes: 4, seconds: 59 });
    const arrivals = [...others, ...others.toReversed(), ...events];
    const statuses = await Promise.all(arrivals.map((event) => world.deliverUntilDone(event)));
    expect(new Set(statuses)).toEqual(new Set([204]));
    expect(await tickAt('2030-01-01T09:05:00Z')).toEqual(AVAILABLE);
    expect(await tickAt('2030-01-01T09:30:00Z')).toEqual([]);
    const told = await world.rows(
      `SELECT channel, sum(cardinality(subject_ids))::int AS events, count(*)::int AS messages FROM notification.deliveries
       WHERE recipient_id = $1 GROUP BY channel ORDER BY channel`,
      [patientId],
    );
    expect(told).toEqual([
      { channel: 'email', events: 6, messages: 1 },
      { channel: 'sms', events: 6, messages: 1 },
    ]);
  });

  it('that come at once from several processes are one message', async () => {
    const patientId = await world.addPatient();
    const other = world.startFunction(mailbox(world.sent));
    const events = await panelOf(8, patientId);
    await Promise.all(events.flatMap((event) => [world.deliverUntilDone(event), world.deliverUntilDone(event, other)]));
    expect(await tickAt('2030-01-01T09:05:00Z')).toEqual(AVAILABLE);
  });

  it('are told anew when one comes after the message has gone, and each patient for themselves', async () => {
    const [anna, ben] = [await world.addPatient({ sms: null }), await world.addPatient({ sms: null })];
    await world.deliver(await released(anna));
    await world.deliver(await released(ben));
    expect(await tickAt('2030-01-01T09:05:00Z')).toHaveLength(2);
    await world.deliver(await released(anna));
    expect(await tickAt('2030-01-01T09:09:00Z')).toEqual([]);
    expect(await tickAt('2030-01-01T09:10:00Z')).toHaveLength(1);
  });

  it('are one message in the morning after a night of quiet hours', async () => {
    const night = { quiet_start_minute: 22 * 60, quiet_end_minute: 8 * 60 };
    const patientId = await world.addPatient({ preferences: night });
    for (const time of ['2030-01-01T21:30:00Z', '2030-01-02T01:00:00Z', '2030-01-02T06:00:00Z']) {
      world.setTime(time);
      await world.deliver(await released(patientId));
      expect(await tickAt(time)).toEqual([]);
    }
    expect(await tickAt('2030-01-02T06:59:00Z')).toEqual([]);
    expect(await tickAt('2030-01-02T07:00:00Z')).toEqual(AVAILABLE);
  });
});

describe('a message that is held', () => {
  it('goes to the address, and by the preferences, of the time it is sent', async () => {
    const patientId = await world.addPatient({ sms: null });
    await world.deliver(await released(patientId));
    await world.rows(`UPDATE patient.contact_points SET value = 'new@home.example' WHERE patient_id = $1`, [patientId]);
    world.setTime('2030-01-01T09:05:00Z');
    await world.tick();
    expect(world.sent.map(({ to }) => to)).toEqual(['new@home.example']);
  });

  it('waits on where quiet hours have been set meanwhile', async () => {
    const patientId = await world.addPatient();
    await world.deliver(await released(patientId));
    await world.rows(
      'UPDATE patient.preferences SET quiet_start_minute = 600, quiet_end_minute = 720 WHERE patient_id = $1',
      [patientId],
    );
    expect(await tickAt('2030-01-01T09:05:00Z')).toEqual([]);
    expect(await tickAt('2030-01-01T11:00:00Z')).toEqual(AVAILABLE);
  });

  it('is sent once however often it is released, and comes again while the provider is down', async () => {
    const patientId = await world.addPatient({ sms: null });
    const event = await released(patientId);
    await world.deliver(event);
    world.setTime('2030-01-01T09:05:00Z');
    const releasedNotice = await world.releaseOne();
    const down = world.startFunction({
      ...mailbox(),
      sendEmail: async () => Promise.reject(new AppError('unavailable', 'down')),
    });
    expect(await down(releasedNotice)).toBe(503);
    const both = [world.deliverUntilDone(releasedNotice), world.deliverUntilDone(releasedNotice)];
    expect(await Promise.all(both)).toEqual([204, 204]);
    expect(await world.deliver(event)).toBe(204);
    expect(world.sent).toHaveLength(1);
    expect(await world.deliveriesOf(event)).toMatchObject([
      { channel: 'email', status: 'sent', attempts: 2, may_repeat: false },
      { channel: 'sms', status: 'suppressed' },
    ]);
  });

  it('is repeated at most once by a crash between send and record, and says so', async () => {
    const event = await released(await world.addPatient({ sms: null }));
    await world.deliver(event);
    world.setTime('2030-01-01T09:05:00Z');
    const releasedNotice = await world.releaseOne();
    const box = mailbox(world.sent);
    const crashed = Promise.withResolvers<void>();
    const crashing = world.startFunction({
      ...box,
      sendEmail: async (email) => {
        await box.sendEmail(email);
        crashed.resolve();
        return new Promise(() => undefined);
      },
    });
    void crashing(releasedNotice);
    await crashed.promise;
    expect(await world.deliver(releasedNotice)).toBe(409);
    world.pass({ seconds: 31 });
    expect(await world.deliver(releasedNotice)).toBe(204);
    expect(world.sent).toHaveLength(2);
    expect((await world.deliveriesOf(event))[0]).toMatchObject({ status: 'sent', attempts: 2, may_repeat: true });
  });
});

describe('a report that is hidden again before its message goes', () => {
  it.each([
    ['released', released],
    ['corrected', corrected],
  ])('is not told where it was %s', async (_, eventFor) => {
    const event = await eventFor(await world.addPatient());
    await world.deliver(event);
    await hide(event);
    expect(await tickAt('2030-01-01T09:05:00Z')).toEqual([]);
    expect(await world.deliveriesOf(event)).toMatchObject([
      { channel: 'email', status: 'suppressed', error_code: 'superseded' },
      { channel: 'sms', status: 'suppressed', error_code: 'superseded' },
    ]);
  });

  it.each([
    ['one', [0], AVAILABLE],
    ['another', [1], AVAILABLE],
    ['each', [0, 1], []],
  ])('is told with the other of its panel, where that is still to be read: hidden is %s', async (_, hidden, told) => {
    const patientId = await world.addPatient();
    const events = await panelOf(2, patientId);
    for (const event of events) await world.deliver(event);
    for (const [index, event] of events.entries()) if (hidden.includes(index)) await hide(event);
    expect(await tickAt('2030-01-01T09:05:00Z')).toEqual(told);
  });

  it('is told all the same where it was retracted: who has read it has to know', async () => {
    const patientId = await world.addPatient({ sms: null });
    const event = eventOf(ResultRetracted, { ...report(patientId), version: 3, retractedAt: MORNING });
    await world.deliver(event);
    expect(await tickAt('2030-01-01T09:05:00Z')).toEqual(['email: Un résultat a été retiré']);
  });

  it('waits for the laboratory where that is away', async () => {
    const event = await released(await world.addPatient({ sms: null }));
    await world.deliver(event);
    world.setTime('2030-01-01T09:05:00Z');
    const releasedNotice = await world.releaseOne();
    const cutOff = world.startFunction(mailbox(world.sent), awayDatabase());
    expect(await cutOff(releasedNotice)).toBe(503);
    expect(await world.deliver(releasedNotice)).toBe(204);
    expect(world.sent).toHaveLength(1);
  });
});

describe('whoever acts for the patient no more', () => {
  it('is not sent what was held for them', async () => {
    const patientId = await world.addPatient({ sms: null });
    const former = await addProxy(patientId);
    const event = await released(patientId);
    await world.deliver(event);
    await world.rows('UPDATE patient.proxies SET valid_until = $2 WHERE proxy_id = $1', [former, MORNING]);
    expect(await tickAt('2030-01-01T09:05:00Z')).toEqual([AVAILABLE[0]]);
    const theirs = (await world.deliveriesOf(event)).filter(({ recipient_id: id }) => id === former);
    expect(theirs).toContainEqual(expect.objectContaining({ channel: 'email', error_code: 'no-proxy' }));
  });
});

describe('a message that a provider refused for good', () => {
  it('is tried again when its own event comes again, not with another of its notice', async () => {
    const patientId = await world.addPatient({ preferences: { quiet_start_minute: 600, quiet_end_minute: 610 } });
    await addProxy(patientId);
    const event = await released(patientId);
    await world.deliver(event);
    world.setTime('2030-01-01T09:05:00Z');
    const first = await world.releaseOne();
    const refusing = world.startFunction({
      ...mailbox(),
      sendEmail: async () => Promise.reject(new AppError('unprocessable', 'refused')),
    });
    expect(await refusing(first)).toBe(422);
    expect(await tickAt('2030-01-01T09:10:00Z')).toEqual(AVAILABLE);
    expect(await world.deliver(first)).toBe(204);
    expect(world.sent.map(({ subject }) => subject)).toEqual(['Ein neuer Befund liegt vor']);
  });
});

it('leaves nothing of a patient in the notification context but ids', async () => {
  const patientId = await world.addPatient({ email: 'canary@home.example', sms: '+33612345678' });
  await world.deliver(await released(patientId));
  await tickAt('2030-01-01T09:05:00Z');
  const dump = await world.rows(
    'SELECT d::text FROM notification.deliveries d UNION ALL SELECT n::text FROM notification.notices n UNION ALL SELECT event::text FROM notification.outbox',
  );
  expect(JSON.stringify(dump)).not.toMatch(/canary|33612345678|Anna|Secret/);
});

it('refuses an event that breaks its contract', async () => {
  const event = await released(await world.addPatient(), { value: '3.5' });
  expect(await world.deliver(event)).toBe(422);
});
