import ICAL from 'ical.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { AnyEvent } from '../../../schemas/events/contract.ts';
import { suppressAddress } from '../../../shared/db/suppressed-addresses.ts';
import { AppError } from '../../../shared/errors.ts';
import { booking, mailbox, MORNING, openWorld, type Sent, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  world.sent.length = 0;
  world.setTime(MORNING);
});

const SLOT = '2030-01-20T09:00:00Z';

async function parties(patient: Parameters<World['addPatient']>[0] = {}) {
  return { practitionerId: await world.addPractitioner(), patientId: await world.addPatient(patient) };
}

const down = async () => Promise.reject(new AppError('unavailable', 'down'));

type DeliveryRow = { status: string; attempts: number; may_repeat: boolean; error_code: string | null };

function deliveriesOf(event: AnyEvent) {
  return world.rows<DeliveryRow & { channel: string; recipient_type: string; provider_message_id: string | null }>(
    `SELECT d.* FROM notification.deliveries d JOIN notification.notices n ON n.id = d.notice_id
     WHERE n.event_id = $1 ORDER BY recipient_type, channel`,
    [event.id],
  );
}

function tally(sent: readonly Sent[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { channel, to } of sent) {
    const key = `${channel} ${to.includes('practice') || to.startsWith('+331') ? 'practitioner' : 'patient'}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

const ONE_EACH = { 'email patient': 1, 'email practitioner': 1, 'sms patient': 1, 'sms practitioner': 1 };

function calendarOf(message: Sent | undefined) {
  const calendar = new ICAL.Component(ICAL.parse(message?.calendar ?? ''));
  const event = calendar.getFirstSubcomponent('vevent');
  return {
    method: calendar.getFirstPropertyValue('method'),
    uid: event?.getFirstPropertyValue('uid'),
    sequence: event?.getFirstPropertyValue('sequence'),
    start: event?.getFirstPropertyValue('dtstart')?.toString(),
  };
}

describe('one booking', () => {
  it('is told to patient and practitioner by one e-mail and one SMS each', async () => {
    const event = booking(await parties(), SLOT).created();
    expect(await world.deliver(event)).toBe(204);
    expect(tally(world.sent)).toEqual(ONE_EACH);
    expect(await deliveriesOf(event)).toMatchObject(
      Array.from({ length: 4 }, () => ({ status: 'sent', attempts: 1, may_repeat: false })),
    );
  });

  it('invites both to the visit, moves the invitation along and takes it back', async () => {
    const visit = booking(await parties(), SLOT);
    const events = [visit.created(), visit.rescheduled('2030-01-21T10:00:00Z'), visit.cancelled()];
    for (const event of events) expect(await world.deliver(event)).toBe(204);
    const uid = `${visit.id}@careflow`;
    for (const party of ['home', 'practice']) {
      const told = world.sent.filter(({ channel, to }) => channel === 'email' && to.includes(party));
      expect(told.map(calendarOf)).toEqual([
        { method: 'REQUEST', uid, sequence: 0, start: '2030-01-20T09:00:00Z' },
        { method: 'REQUEST', uid, sequence: 1, start: '2030-01-21T10:00:00Z' },
        { method: 'CANCEL', uid, sequence: 2, start: '2030-01-21T10:00:00Z' },
      ]);
    }
  });

  it('is told without health data and without the name of the patient', async () => {
    await world.deliver(booking(await parties(), SLOT).created());
    expect(JSON.stringify(world.sent)).not.toMatch(/dermatolog|Anna|Secret/i);
  });

  it('leaves no contact detail in the notification context', async () => {
    const people = await parties({ sms: '+33612345678' });
    await world.deliver(booking(people, SLOT).created());
    const dump = await world.rows<{ row: string }>(
      'SELECT d::text AS row FROM notification.deliveries d UNION ALL SELECT r::text FROM notification.reminders r',
    );
    expect(JSON.stringify(dump)).not.toMatch(/33612345678|@home|@practice|Anna|Secret/);
  });

  it.each([
    ['fr', 'Rendez-vous confirmé : dimanche 20 janvier 2030 à 10:00'],
    ['de', 'Termin bestätigt: Sonntag, 20. Januar 2030, 10:00 Uhr'],
    ['en', 'Appointment confirmed: Sunday, 20 January 2030 at 10:00'],
  ])('is told in the language of the patient (%s)', async (language, subject) => {
    const people = await parties({ preferences: { language } });
    await world.deliver(booking(people, SLOT).created());
    expect(world.sent.find(({ to }) => to.includes('home'))?.subject).toBe(subject);
  });
});

describe('who is not told', () => {
  it.each([
    ['a channel the patient refused', { preferences: { channels: { booking: { sms: false } } } }, 'opted-out'],
    ['a channel without an address', { sms: null }, 'no-address'],
  ])('%s', async (_, patient, reason) => {
    const event = booking(await parties(patient), SLOT).created();
    expect(await world.deliver(event)).toBe(204);
    expect(tally(world.sent)).toEqual({ 'email patient': 1, 'email practitioner': 1, 'sms practitioner': 1 });
    expect((await deliveriesOf(event)).find(({ status }) => status === 'suppressed')).toMatchObject({
      recipient_type: 'patient',
      channel: 'sms',
      error_code: reason,
    });
  });

  it('a practitioner on a channel they refused; told in their language on the other', async () => {
    const practitionerId = await world.addPractitioner({ language: 'de', channels: '{"booking":{"sms":false}}' });
    const event = booking({ practitionerId, patientId: await world.addPatient() }, SLOT).created();
    expect(await world.deliver(event)).toBe(204);
    expect(tally(world.sent)).toEqual({ 'email patient': 1, 'email practitioner': 1, 'sms patient': 1 });
    expect(world.sent.find(({ to }) => to.includes('practice'))?.subject).toMatch(/^Neuer Termin/);
    expect((await deliveriesOf(event)).find(({ status }) => status === 'suppressed')).toMatchObject({
      recipient_type: 'practitioner',
      channel: 'sms',
      error_code: 'opted-out',
    });
  });

  it('a number that complained', async () => {
    const event = booking(await parties({ sms: '+33699999999' }), SLOT).created();
    await suppressAddress(world.db, 'sms', '+33699999999', 'complained');
    await world.deliver(event);
    expect(tally(world.sent)).toEqual({ 'email patient': 1, 'email practitioner': 1, 'sms practitioner': 1 });
  });

  it('an address that bounced', async () => {
    const event = booking(await parties({ email: 'Gone@example.org' }), SLOT).created();
    await suppressAddress(world.db, 'email', 'gone@example.org', 'bounced');
    await world.deliver(event);
    expect(world.sent.map(({ to }) => to)).not.toContain('Gone@example.org');
    expect((await deliveriesOf(event))[0]).toMatchObject({ status: 'suppressed', error_code: 'address-suppressed' });
  });

  it('anyone, of a visit that has begun', async () => {
    const event = booking(await parties(), SLOT).created();
    world.setTime('2030-01-20T09:05:00Z');
    expect(await world.deliver(event)).toBe(204);
    expect(world.sent).toEqual([]);
  });

  it('a proxy, while the patient can be reached; else the proxy in place of the patient', async () => {
    const people = await parties({ email: null, sms: null });
    const guardian = await world.addPatient({ email: 'guardian@home.example', sms: null });
    const former = await world.addPatient({ email: 'former@home.example', sms: null });
    const since = { patient_id: people.patientId, valid_from: '2029-01-01T00:00:00Z', valid_until: null };
    await world.insert('patient.proxies', { ...since, proxy_id: guardian, relation: 'guardian' });
    await world.insert('patient.proxies', {
      ...since,
      valid_until: '2029-06-01T00:00:00Z',
      proxy_id: former,
      relation: 'proxy',
    });
    await world.deliver(booking(people, SLOT).created());
    expect(world.sent.map(({ to }) => to).filter((to) => to.includes('home'))).toEqual(['guardian@home.example']);
  });

  it('a patient nobody knows: the practitioner still is', async () => {
    const people = { ...(await parties()), patientId: crypto.randomUUID() };
    expect(await world.deliver(booking(people, SLOT).created())).toBe(204);
    expect(tally(world.sent)).toEqual({ 'email practitioner': 1, 'sms practitioner': 1 });
  });

  it('anyone, where nobody knows the practitioner: the event goes to the dead letters', async () => {
    const people = { ...(await parties()), practitionerId: crypto.randomUUID() };
    expect(await world.deliver(booking(people, SLOT).created())).toBe(422);
    expect(world.sent).toEqual([]);
  });

  it('anyone, of a hold', async () => {
    const visit = booking(await parties(), SLOT);
    expect(await world.deliver(visit.other('careflow.booking.held.v1', { expiresAt: SLOT }))).toBe(204);
    expect(await world.deliver(visit.other('careflow.booking.released.v1', { cause: 'expired' }))).toBe(204);
    expect(world.sent).toEqual([]);
  });
});

describe('events delivered more than once', () => {
  it('one after the other tell once', async () => {
    const event = booking(await parties(), SLOT).created();
    for (let time = 0; time < 3; time += 1) expect(await world.deliver(event)).toBe(204);
    expect(tally(world.sent)).toEqual(ONE_EACH);
  });

  it('at once tell once', async () => {
    const event = booking(await parties(), SLOT).created();
    const other = world.startFunction(mailbox(world.sent));
    const statuses = await Promise.all(
      [world.deliver, other, world.deliver, other].map((to) => world.deliverUntilDone(event, to)),
    );
    expect(statuses).toEqual([204, 204, 204, 204]);
    expect(tally(world.sent)).toEqual(ONE_EACH);
  });

  it('do not tell anew what changed preferences would now allow', async () => {
    const people = await parties({ preferences: { channels: { booking: { sms: false } } } });
    const event = booking(people, SLOT).created();
    await world.deliver(event);
    await world.rows(`UPDATE patient.preferences SET channels = '{}' WHERE patient_id = $1`, [people.patientId]);
    await world.deliver(event);
    expect(tally(world.sent)['sms patient']).toBeUndefined();
  });
});

describe('events out of order', () => {
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];

  it.each(orders)('end with the cancellation, told last (%i %i %i)', async (...order) => {
    const visit = booking(await parties(), SLOT);
    const events = [visit.created(), visit.rescheduled('2030-01-21T10:00:00Z'), visit.cancelled()];
    const statuses = [];
    for (const event of order.flatMap((index) => events[index] ?? [])) statuses.push(await world.deliver(event));
    expect(statuses).toEqual([204, 204, 204]);
    const kinds = world.sent.filter(({ to }) => to.includes('home')).map((message) => calendarOf(message));
    expect(kinds.at(-1)).toMatchObject({ method: 'CANCEL', sequence: 2 });
    const sequences = kinds.map(({ sequence }) => Number(sequence));
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
    const standing = await world.rows(
      `SELECT 1 FROM notification.reminders WHERE booking_id = $1 AND status <> 'dropped'`,
      [visit.id],
    );
    expect(standing).toEqual([]);
  });

  it('account for what was overtaken', async () => {
    const visit = booking(await parties(), SLOT);
    const [created, cancelled] = [visit.created(), visit.cancelled()];
    await world.deliver(cancelled);
    await world.deliver(created);
    expect(tally(world.sent)).toEqual(ONE_EACH);
    expect(await deliveriesOf(created)).toMatchObject(
      Array.from({ length: 4 }, () => ({ status: 'suppressed', error_code: 'superseded', attempts: 0 })),
    );
  });

  it('do not confirm on a retry what was cancelled meanwhile', async () => {
    const visit = booking(await parties(), SLOT);
    const [created, cancelled] = [visit.created(), visit.cancelled()];
    const box = mailbox();
    const throttled = world.startFunction({ ...box, sendEmail: down, sendSms: down });
    expect(await throttled(created)).toBe(503);
    expect(await world.deliver(cancelled)).toBe(204);
    expect(await world.deliver(created)).toBe(204);
    expect(world.sent.filter(({ channel }) => channel === 'email').map((each) => calendarOf(each).method)).toEqual([
      'CANCEL',
      'CANCEL',
    ]);
  });

  it('wait for an older message that is on its way', async () => {
    const visit = booking(await parties(), SLOT);
    const [created, cancelled] = [visit.created(), visit.cancelled()];
    const started = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const box = mailbox(world.sent);
    const slow = world.startFunction({
      ...box,
      sendEmail: async (email) => {
        started.resolve();
        await release.promise;
        return box.sendEmail(email);
      },
    });
    const first = slow(created);
    await started.promise;
    expect(await world.deliver(cancelled)).toBe(409);
    expect(world.sent).toEqual([]);
    release.resolve();
    expect(await first).toBe(204);
    expect(await world.deliver(cancelled)).toBe(204);
    const told = world.sent.filter(({ to }) => to.includes('home')).map((each) => calendarOf(each).method);
    expect(told).toEqual(['REQUEST', 'CANCEL']);
  });
});

describe('providers that fail', () => {
  it('are asked again for what they did not take, and for nothing else', async () => {
    const event = booking(await parties(), SLOT).created();
    const box = mailbox(world.sent);
    let throttles = 3;
    const flaky = world.startFunction({
      ...box,
      sendEmail: async (email) => {
        throttles -= 1;
        if (throttles >= 0) throw new AppError('unavailable', 'throttled');
        return box.sendEmail(email);
      },
    });
    expect(await flaky(event)).toBe(503);
    expect(tally(world.sent)).toEqual({ 'sms patient': 1, 'sms practitioner': 1 });
    expect((await deliveriesOf(event))[0]).toMatchObject({ status: 'failed', error_code: 'unavailable' });
    expect(await world.deliverUntilDone(event, flaky)).toBe(204);
    expect(tally(world.sent)).toEqual(ONE_EACH);
    expect((await deliveriesOf(event)).map(({ attempts }) => attempts).toSorted((a, b) => a - b)).toEqual([1, 1, 2, 3]);
  });

  it('refuse for good: all others are told, the event goes to the dead letters, a redrive tries again', async () => {
    const event = booking(await parties(), SLOT).created();
    const refusing = world.startFunction({
      ...mailbox(world.sent),
      sendEmail: async () => Promise.reject(new AppError('unprocessable', 'no', { reason: 'invalid-address' })),
    });
    expect(await refusing(event)).toBe(422);
    expect(tally(world.sent)).toEqual({ 'sms patient': 1, 'sms practitioner': 1 });
    expect((await deliveriesOf(event))[0]).toMatchObject({ status: 'refused', error_code: 'invalid-address' });
    expect(await world.deliver(event)).toBe(204);
    expect(tally(world.sent)).toEqual(ONE_EACH);
  });

  it('break in an unknown way: 500, and again', async () => {
    const event = booking(await parties(), SLOT).created();
    const broken = world.startFunction({ ...mailbox(), sendSms: async () => Promise.reject(new TypeError('bug')) });
    expect(await broken(event)).toBe(500);
    expect(await world.deliver(event)).toBe(204);
    expect(tally(world.sent)).toEqual({ 'sms patient': 1, 'sms practitioner': 1 });
  });
});

describe('a crash between send and record, where providers tell nothing afterwards,', () => {
  it('repeats one message at most, after its lease, and says so', async () => {
    const event = booking(await parties(), SLOT).created();
    const box = mailbox(world.sent);
    const crashed = Promise.withResolvers<void>();
    let silent = 0;
    const crashing = world.startFunction({
      ...box,
      hearsProviders: false,
      sendSms: async (sms) => {
        await box.sendSms(sms);
        silent += 1;
        crashed.resolve();
        return new Promise(() => undefined);
      },
    });
    void crashing(event);
    await crashed.promise;
    expect(await world.deliver(event)).toBe(409);
    world.pass({ seconds: 61 });
    expect(await world.startFunction({ ...box, hearsProviders: false })(event)).toBe(204);
    expect(silent).toBe(1);
    expect(tally(world.sent)).toEqual({ ...ONE_EACH, 'sms patient': 2 });
    const doubtful = (await deliveriesOf(event)).filter(({ may_repeat }) => may_repeat);
    expect(doubtful).toMatchObject([{ recipient_type: 'patient', channel: 'sms', status: 'sent', attempts: 2 }]);
  });

  it('is not undone by the sender that was given up and answers after all', async () => {
    const event = booking(await parties({ email: null }), SLOT).created();
    const [first, second] = [slowSms(), slowSms()];
    const givenUp = first.deliver(event);
    await first.started;
    world.pass({ seconds: 31 });
    const takenUp = second.deliver(event);
    await second.started;
    first.fail(new AppError('unavailable', 'too late'));
    expect(await givenUp).toBe(503);
    expect(await world.deliver(event)).toBe(409);
    second.take();
    expect(await takenUp).toBe(204);
    expect(tally(world.sent)).toEqual({ 'email practitioner': 1, 'sms patient': 1, 'sms practitioner': 1 });
  });

  /** Its provider takes its time with the first SMS. */
  function slowSms() {
    const started = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const box = mailbox(world.sent);
    const deliver = world.startFunction({
      ...box,
      hearsProviders: false,
      sendSms: async (sms) => {
        started.resolve();
        await answer.promise;
        return box.sendSms(sms);
      },
    });
    return { deliver, started: started.promise, take: answer.resolve, fail: answer.reject };
  }
});
