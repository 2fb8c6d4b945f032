import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { AnyEvent } from '../../../schemas/events/contract.ts';
import { triggerDueReminders } from '../../../shared/db/reminders.ts';
import { AppError } from '../../../shared/errors.ts';
import { booking, mailbox, MORNING, openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  await world.rows(`UPDATE notification.reminders SET status = 'dropped' WHERE status = 'pending'`);
  world.sent.length = 0;
  world.setTime(MORNING);
});

const SLOT = '2030-01-20T09:00:00Z';
const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

async function parties(patient: Parameters<World['addPatient']>[0] = {}) {
  return { practitionerId: await world.addPractitioner(), patientId: await world.addPatient(patient) };
}

/** Confirmations are another test's matter. */
async function book(...events: AnyEvent[]): Promise<void> {
  for (const event of events) expect(await world.deliver(event)).toBe(204);
  world.sent.length = 0;
}

async function tickAt(time: string): Promise<string[]> {
  world.setTime(time);
  await world.tick();
  return world.sent.splice(0).map(({ channel, subject, text }) => `${channel}: ${subject ?? text}`);
}

/** Takes the one event that is due out of the outbox without delivering it. */
async function triggerAt(time: string): Promise<AnyEvent> {
  world.setTime(time);
  await triggerDueReminders(world.db, Temporal.Instant.from(time), 100, TRACE);
  const events = await world.rows<{ event: AnyEvent }>(
    'UPDATE notification.outbox SET sent_at = now() WHERE sent_at IS NULL RETURNING event',
  );
  const [due, ...others] = events;
  if (!due || others.length > 0) throw new Error(`${events.length} events are due`);
  return due.event;
}

describe('the ladder', () => {
  it('reminds the patient a week, two days and a day before, and the practitioner never', async () => {
    await book(booking(await parties(), SLOT).created());
    expect(await tickAt('2030-01-13T08:59:00Z')).toEqual([]);
    expect(await tickAt('2030-01-13T09:00:30Z')).toEqual([
      'email: Rappel : rendez-vous dimanche 20 janvier 2030 à 10:00',
    ]);
    expect(await tickAt('2030-01-13T09:01:30Z')).toEqual([]);
    expect(await tickAt('2030-01-18T09:00:00Z')).toEqual([
      'sms: Rappel : rendez-vous avec Jeanne Lefèvre le dim. 20 janv. à 10:00, 12 rue des Lilas, Lyon',
    ]);
    expect(await tickAt('2030-01-19T09:00:00Z')).toEqual([
      'email: Rappel : rendez-vous dimanche 20 janvier 2030 à 10:00',
    ]);
    expect(await tickAt('2030-01-20T09:00:00Z')).toEqual([]);
  });

  it('follows the visit to its new slot', async () => {
    const visit = booking(await parties(), SLOT);
    await book(visit.created(), visit.rescheduled('2030-01-25T13:00:00Z'));
    expect(await tickAt('2030-01-13T09:00:00Z')).toEqual([]);
    expect(await tickAt('2030-01-18T13:00:00Z')).toEqual([
      'email: Rappel : rendez-vous vendredi 25 janvier 2030 à 14:00',
    ]);
  });

  it('ends with the cancellation, the visit or the patient staying away', async () => {
    const [cancelled, completed, missed] = [
      booking(await parties(), SLOT),
      booking(await parties(), SLOT),
      booking(await parties(), SLOT),
    ];
    await book(cancelled.created(), cancelled.cancelled());
    await book(completed.created(), completed.other('careflow.booking.completed.v1'));
    await book(missed.created(), missed.other('careflow.booking.no-show.v1'));
    expect(await tickAt('2030-01-19T12:00:00Z')).toEqual([]);
  });

  it('comes after a missed minute, but not after the visit', async () => {
    await book(booking(await parties(), SLOT).created());
    expect(await tickAt('2030-01-18T11:30:00Z')).toHaveLength(2);
    expect(await tickAt('2030-01-20T09:01:00Z')).toEqual([]);
  });

  it('leaves out what the patient refused', async () => {
    await book(booking(await parties({ preferences: { channels: { reminder: { email: false } } } }), SLOT).created());
    expect(await tickAt('2030-01-13T09:00:00Z')).toEqual([]);
    expect(await tickAt('2030-01-18T09:00:00Z')).toHaveLength(1);
    const ended = await world.rows(`SELECT rung FROM notification.reminders WHERE status = 'triggered'`);
    expect(ended).toEqual([]);
  });
});

describe('visits booked on their own day', () => {
  it('are reminded of by one SMS, two hours before the first', async () => {
    const { practitionerId, patientId } = await parties();
    const other = await world.addPractitioner({ given_name: 'Max', family_name: 'Weiß' });
    const bookedAt = '2030-01-20T07:00:00Z';
    world.setTime(bookedAt);
    await book(
      booking({ practitionerId, patientId }, '2030-01-20T14:00:00Z').created(bookedAt),
      booking({ practitionerId: other, patientId }, '2030-01-20T15:00:00Z').created(bookedAt),
    );
    expect(await tickAt('2030-01-20T11:59:00Z')).toEqual([]);
    expect(await tickAt('2030-01-20T12:00:00Z')).toEqual([
      'sms: Rappel : rendez-vous le dim. 20 janv. : 15:00 Jeanne Lefèvre, 16:00 Max Weiß',
    ]);
    expect(await tickAt('2030-01-20T13:00:00Z')).toEqual([]);
  });
});

describe('several visits of one day', () => {
  it('share one SMS, and only that', async () => {
    const { practitionerId, patientId } = await parties();
    const other = await world.addPractitioner({ given_name: 'Max', family_name: 'Weiß' });
    await book(
      booking({ practitionerId, patientId }, '2030-01-20T14:00:00Z').created(),
      booking({ practitionerId: other, patientId }, '2030-01-20T09:00:00Z').created(),
      booking({ practitionerId, patientId }, '2030-01-21T09:00:00Z').created(),
    );
    expect((await tickAt('2030-01-18T09:00:00Z')).filter(isSms)).toEqual([
      'sms: Rappel : rendez-vous le dim. 20 janv. : 10:00 Max Weiß, 15:00 Jeanne Lefèvre',
    ]);
    expect(await tickAt('2030-01-18T14:00:00Z')).toEqual([]);
    expect(await tickAt('2030-01-19T09:00:00Z')).toContain(
      'sms: Rappel : rendez-vous avec Jeanne Lefèvre le lun. 21 janv. à 10:00, 12 rue des Lilas, Lyon',
    );
  });

  it('are named as they stand when the SMS is sent', async () => {
    const { practitionerId, patientId } = await parties();
    const [first, second] = [
      booking({ practitionerId, patientId }, '2030-01-20T09:00:00Z'),
      booking({ practitionerId, patientId }, '2030-01-20T14:00:00Z'),
    ];
    await book(first.created('2030-01-14T10:00:00Z'), second.created('2030-01-14T10:00:00Z'));
    const event = await triggerAt('2030-01-18T09:00:00Z');
    await book(first.cancelled());
    expect(await world.deliver(event)).toBe(204);
    expect(world.sent.map(({ text }) => text)).toEqual([
      'Rappel : rendez-vous avec Jeanne Lefèvre le dim. 20 janv. à 15:00, 12 rue des Lilas, Lyon',
    ]);
  });

  it('are not named when none stands any more', async () => {
    const visit = booking(await parties(), SLOT);
    await book(visit.created('2030-01-14T10:00:00Z'));
    const event = await triggerAt('2030-01-18T09:00:00Z');
    await book(visit.rescheduled('2030-01-25T09:00:00Z', '2030-01-18T09:00:10Z'));
    expect(await world.deliver(event)).toBe(204);
    expect(world.sent).toEqual([]);
  });
});

function isSms(message: string): boolean {
  return message.startsWith('sms');
}

describe('quiet hours', () => {
  const night = { quiet_start_minute: 22 * 60, quiet_end_minute: 8 * 60 };

  it('put a reminder off to their end', async () => {
    await book(booking(await parties({ preferences: night }), '2030-01-20T06:00:00Z').created('2030-01-17T10:00:00Z'));
    expect(await tickAt('2030-01-18T06:00:00Z')).toEqual([]);
    expect(await tickAt('2030-01-18T07:00:00Z')).toHaveLength(1);
  });

  it('hold a reminder back that comes late or that they were set after', async () => {
    const people = await parties();
    await book(booking(people, '2030-01-20T20:30:00Z').created('2030-01-17T10:00:00Z'));
    await world.rows(
      'UPDATE patient.preferences SET quiet_start_minute = 1260, quiet_end_minute = 480 WHERE patient_id = $1',
      [people.patientId],
    );
    const event = await triggerAt('2030-01-18T20:30:00Z');
    expect(await world.deliver(event)).toBe(204);
    expect(world.sent).toEqual([]);
    expect(await tickAt('2030-01-19T07:00:00Z')).toHaveLength(1);
    expect(await world.deliver(event)).toBe(204);
    expect(world.sent).toEqual([]);
  });
});

describe('quiet hours of those who act for a patient', () => {
  it('put the reminder off until none of them is disturbed', async () => {
    const { practitionerId, patientId } = await parties({ email: null, sms: null });
    const proxy = { patient_id: patientId, relation: 'guardian', valid_from: '2029-01-01T00:00:00Z' };
    const siesta = { quiet_start_minute: 9 * 60, quiet_end_minute: 12 * 60 };
    for (const preferences of [{}, siesta]) {
      const guardian = await world.addPatient({ email: null, preferences });
      await world.insert('patient.proxies', { ...proxy, proxy_id: guardian });
    }
    await book(booking({ practitionerId, patientId }, SLOT).created('2030-01-17T10:00:00Z'));
    expect(await tickAt('2030-01-18T09:00:00Z')).toEqual([]);
    expect(await tickAt('2030-01-18T10:59:00Z')).toEqual([]);
    // One of them has the confirmation still to come as well.
    const told = await tickAt('2030-01-18T11:00:00Z');
    expect(told.filter((message) => message.startsWith('sms: Rappel'))).toHaveLength(2);
  });
});

describe('a triggered reminder', () => {
  it('delivered several times, one after the other and at once, is sent once', async () => {
    await book(booking(await parties(), SLOT).created('2030-01-14T10:00:00Z'));
    const event = await triggerAt('2030-01-18T09:00:00Z');
    const other = world.startFunction(mailbox());
    await Promise.all([world.deliverUntilDone(event), world.deliverUntilDone(event), world.deliverUntilDone(event)]);
    expect(await other(event)).toBe(204);
    expect(world.sent).toHaveLength(1);
    expect(
      await world.rows(`SELECT rung FROM notification.reminders WHERE trigger_id = $1 AND status = 'sent'`, [event.id]),
    ).toEqual([{ rung: 'sms-2d' }]);
  });

  it('comes again while the provider is down', async () => {
    await book(booking(await parties(), SLOT).created('2030-01-14T10:00:00Z'));
    const event = await triggerAt('2030-01-18T09:00:00Z');
    const down = world.startFunction({
      ...mailbox(),
      sendSms: async () => Promise.reject(new AppError('unavailable', 'down')),
    });
    expect(await down(event)).toBe(503);
    expect(await world.deliver(event)).toBe(204);
    expect(world.sent).toHaveLength(1);
  });
});

describe('triggering', () => {
  it('at once from several places turns each reminder into one event', async () => {
    for (let visit = 0; visit < 6; visit += 1) await book(booking(await parties(), SLOT).created());
    world.setTime('2030-01-13T09:00:00Z');
    const triggered = await Promise.all(
      Array.from({ length: 4 }, () =>
        triggerDueReminders(world.db, Temporal.Instant.from('2030-01-13T09:00:00Z'), 100, TRACE),
      ),
    );
    expect(triggered.reduce((sum, count) => sum + count)).toBe(6);
    await world.tick();
    expect(world.sent).toHaveLength(6);
  });

  it('at once from several places keeps the visits of a day together', async () => {
    const patients = 5;
    for (let count = 0; count < patients; count += 1) {
      const people = await parties();
      await book(booking(people, '2030-01-20T09:00:00Z').created('2030-01-17T10:00:00Z'));
      await book(booking(people, '2030-01-20T10:00:00Z').created('2030-01-17T10:00:00Z'));
    }
    const now = Temporal.Instant.from('2030-01-18T10:00:00Z');
    world.setTime(now.toString());
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(Array.from({ length: 4 }, () => triggerDueReminders(world.db, now, 1, TRACE)));
    }
    await world.tick();
    expect(world.sent.map(({ text }) => text)).toEqual(
      Array.from(
        { length: patients },
        () => 'Rappel : rendez-vous le dim. 20 janv. : 10:00 Jeanne Lefèvre, 11:00 Jeanne Lefèvre',
      ),
    );
  });

  it('takes so many at a time, the longest due first, and the rest the next time', async () => {
    for (const hour of ['07', '08', '09']) {
      await book(booking(await parties(), `2030-01-20T${hour}:00:00Z`).created('2030-01-12T10:00:00Z'));
    }
    const now = Temporal.Instant.from('2030-01-13T09:00:00Z');
    expect(await triggerDueReminders(world.db, now, 2, TRACE)).toBe(2);
    const left = await world.rows(
      `SELECT due_at FROM notification.reminders WHERE status = 'pending' AND due_at <= '2030-01-13T09:00:00Z'`,
    );
    expect(left).toEqual([{ due_at: new Date('2030-01-13T09:00:00Z') }]);
    expect(await triggerDueReminders(world.db, now, 2, TRACE)).toBe(1);
    expect(await triggerDueReminders(world.db, now, 2, TRACE)).toBe(0);
  });

  it('hands the trace on and names no person', async () => {
    await world.rows('DELETE FROM notification.outbox');
    const people = await parties();
    const visit = booking(people, SLOT);
    await book(visit.created('2030-01-14T10:00:00Z'));
    const event = await triggerAt('2030-01-18T09:00:00Z');
    expect(event).toMatchObject({ traceparent: TRACE, subject: visit.id, partitionkey: people.patientId });
    expect(event.data).toEqual({
      reminderId: expect.any(String),
      country: 'fr',
      patientId: people.patientId,
      bookingId: visit.id,
      bookingVersion: 1,
      dueAt: '2030-01-18T09:00:00Z',
    });
  });
});
