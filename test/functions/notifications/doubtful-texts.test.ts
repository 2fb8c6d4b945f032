import { randomInt, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { CriticalResultRaised } from '../../../schemas/events/lab-result.v1.ts';
import type { AnyEvent } from '../../../schemas/events/contract.ts';
import { AppError } from '../../../shared/errors.ts';
import { openFeedback } from './feedback.ts';
import { booking, eventOf, mailbox, MORNING, openWorld, type World } from './world.ts';

const SLOT = '2030-01-20T09:00:00Z';

let world: World;
let feedback: Awaited<ReturnType<typeof openFeedback>>;
beforeAll(async () => {
  world = await openWorld();
  feedback = await openFeedback(world);
});
afterAll(async () => {
  await feedback.close();
  await world.close();
});
beforeEach(() => {
  world.sent.length = 0;
  world.setTime(MORNING);
});

type Told = { readonly to: string; readonly id?: string; readonly at?: Temporal.Instant; readonly response?: string };

/** What SNS logs of a text, as CloudWatch Logs hands it on. */
function logOf({ to, id = randomUUID(), at = world.now(), response }: Told) {
  const timestamp = at.toString({ smallestUnit: 'millisecond' }).replace('T', ' ').replace('Z', '');
  const delivery = { destination: to, providerResponse: response ?? 'Message has been accepted by phone' };
  return { notification: { messageId: id, timestamp }, delivery, status: response ? 'FAILURE' : 'SUCCESS' };
}

function packed(...lines: object[]): string {
  const logEvents = lines.map((line) => ({ id: randomUUID(), timestamp: 0, message: JSON.stringify(line) }));
  return gzipSync(JSON.stringify({ messageType: 'DATA_MESSAGE', logEvents })).toString('base64');
}

function tell(...texts: Told[]): Promise<number> {
  return feedback.post(feedback.message({ Message: packed(...texts.map(logOf)), Timestamp: world.now().toString() }));
}

/** Somebody who is reached by SMS alone. */
async function someone() {
  const sms = `+336${randomInt(10_000_000, 100_000_000)}`;
  const patientId = await world.addPatient({ email: null, sms });
  const practitionerId = await world.addPractitioner({ email: null, phone: null });
  return { sms, patientId, practitionerId };
}

/** A process that dies after its provider has taken a text. */
function dying() {
  const box = mailbox(world.sent);
  const crashed = Promise.withResolvers<void>();
  const deliver = world.startFunction({
    ...box,
    sendSms: async (sms) => {
      await box.sendSms(sms);
      crashed.resolve();
      return new Promise(() => undefined);
    },
  });
  return async (event: AnyEvent) => {
    void deliver(event);
    await crashed.promise;
  };
}

async function textOf(event: AnyEvent) {
  return (await world.deliveriesOf(event)).find(({ channel }) => channel === 'sms');
}

describe('a text whose sender dies before it has recorded it', () => {
  it('is not sent again where the provider says by then that it was taken', async () => {
    const { sms, ...people } = await someone();
    const event = booking(people, SLOT).created();
    await dying()(event);
    expect(await tell({ to: sms })).toBe(204);
    world.pass({ seconds: 19 });
    expect(await world.deliver(event)).toBe(204);
    expect(await textOf(event)).toMatchObject({ status: 'sent', attempts: 1, may_repeat: false });
    world.pass({ minutes: 5 });
    await world.tick();
    expect(world.sent).toHaveLength(1);
  });

  it('waits for that word, and is not sent again when it comes', async () => {
    const { sms, ...people } = await someone();
    const event = booking(people, SLOT).created();
    await dying()(event);
    const takenAt = world.now();
    world.pass({ seconds: 19 });
    expect(await world.deliver(event)).toBe(204);
    expect(await textOf(event)).toMatchObject({ status: 'held', may_repeat: true });
    world.pass({ minutes: 1 });
    await world.tick();
    expect(await tell({ to: sms, at: takenAt })).toBe(204);
    world.pass({ minutes: 5 });
    await world.tick();
    expect(world.sent).toHaveLength(1);
    expect(await textOf(event)).toMatchObject({ status: 'sent', attempts: 1, may_repeat: false });
  });

  it('is sent again after two minutes without that word, and says that it may have come twice', async () => {
    const people = await someone();
    const event = booking(people, SLOT).created();
    await dying()(event);
    world.pass({ seconds: 19 });
    expect(await world.deliver(event)).toBe(204);
    world.pass({ seconds: 100 });
    await world.tick();
    expect(world.sent).toHaveLength(1);
    world.pass({ seconds: 1 });
    await world.tick();
    expect(world.sent).toHaveLength(2);
    expect(await textOf(event)).toMatchObject({ status: 'sent', attempts: 2, may_repeat: true });
  });

  it('is not sent again where the sender was slow only, and answers while it waits', async () => {
    const people = await someone();
    const event = booking(people, SLOT).created();
    const box = mailbox(world.sent);
    const [started, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slow = world.startFunction({
      ...box,
      sendSms: async (sms) => {
        const taken = await box.sendSms(sms);
        started.resolve();
        await answer.promise;
        return taken;
      },
    });
    const first = slow(event);
    await started.promise;
    world.pass({ seconds: 19 });
    expect(await world.deliver(event)).toBe(204);
    answer.resolve();
    expect(await first).toBe(204);
    world.pass({ minutes: 5 });
    await world.tick();
    expect(world.sent).toHaveLength(1);
    expect(await textOf(event)).toMatchObject({ status: 'sent', attempts: 1 });
  });

  it('alerts again at once of what is critical', async () => {
    const practitionerId = await world.addPractitioner({ email: null, phone: '+33612340000' });
    const ids = { country: 'fr', patientId: await world.addPatient(), practitionerId };
    const about = { alertId: randomUUID(), reportId: randomUUID(), version: 1, ...ids, raisedAt: MORNING };
    const event = eventOf(CriticalResultRaised, about);
    await dying()(event);
    world.pass({ seconds: 19 });
    expect(await world.deliver(event)).toBe(204);
    expect(world.sent.map(({ channel }) => channel)).toEqual(['sms', 'sms']);
  });
});

describe('a provider that does not answer', () => {
  function mute() {
    const box = mailbox(world.sent);
    return world.startFunction({
      ...box,
      sendSms: async (sms) => {
        await box.sendSms(sms);
        throw new AppError('unavailable', 'no answer', { reason: 'no-answer' });
      },
    });
  }

  it('is not handed the text again where it says that it has it', async () => {
    const { sms, ...people } = await someone();
    const event = booking(people, SLOT).created();
    expect(await mute()(event)).toBe(503);
    expect(await world.deliver(event)).toBe(204);
    expect(await textOf(event)).toMatchObject({ status: 'held', may_repeat: true });
    expect(await tell({ to: sms })).toBe(204);
    world.pass({ minutes: 5 });
    await world.tick();
    expect(world.sent).toHaveLength(1);
  });

  it('is handed it three times at most while it says nothing, and then it is told', async () => {
    const event = booking(await someone(), SLOT).created();
    const deliver = mute();
    expect(await deliver(event)).toBe(503);
    let last = await deliver(event);
    for (let minutes = 0; minutes < 30; minutes += 2) {
      world.pass({ minutes: 2 });
      for (const released of await world.release()) last = await world.deliverUntilDone(released, deliver);
    }
    expect(world.sent).toHaveLength(3);
    expect(last).toBe(422);
    expect(await textOf(event)).toMatchObject({ status: 'refused', error_code: 'no-answer', may_repeat: true });
    expect(await world.deliver(event)).toBe(204);
    expect(await textOf(event)).toMatchObject({ status: 'sent', attempts: 4 });
  });

  it('is handed it again where it does not', async () => {
    const event = booking(await someone(), SLOT).created();
    expect(await mute()(event)).toBe(503);
    expect(await world.deliver(event)).toBe(204);
    world.pass({ minutes: 2 });
    await world.tick();
    expect(world.sent).toHaveLength(2);
    expect(await textOf(event)).toMatchObject({ status: 'sent', may_repeat: true });
  });
});

describe('a reminder by text', () => {
  /** Its event, due by now. */
  async function reminderOf(people: Parameters<typeof booking>[0]) {
    const { id, created } = booking(people, SLOT);
    await world.deliver(created());
    await world.rows(`DELETE FROM notification.reminders WHERE booking_id <> $1 OR channel <> 'sms'`, [id]);
    world.sent.length = 0;
    world.setTime('2030-01-18T09:00:00Z');
    const event = await world.triggerOne();
    const status = async () => {
      const rows = await world.rows<{ status: string }>(
        `SELECT status FROM notification.reminders WHERE booking_id = $1 AND channel = 'sms'`,
        [id],
      );
      return rows.map((row) => row.status);
    };
    return { event, status };
  }

  it.each([
    ['is owed until the provider says that it was sent', true, 1],
    ['is sent again where the provider says nothing', false, 2],
  ])('%s', async (_, isTold, messages) => {
    const people = await someone();
    const { event, status } = await reminderOf(people);
    await dying()(event);
    const takenAt = world.now();
    world.pass({ seconds: 19 });
    expect(await world.deliver(event)).toBe(204);
    expect(await status()).toEqual(['triggered']);
    if (isTold) expect(await tell({ to: people.sms, at: takenAt })).toBe(204);
    else world.pass({ minutes: 2 });
    await world.tick();
    expect(await status()).toEqual(['sent']);
    expect(world.sent).toHaveLength(messages);
  });

  it('is still owed to one guardian when the provider has told what became of the other’s', async () => {
    const patientId = await world.addPatient({ email: null, sms: null });
    const practitionerId = await world.addPractitioner({ email: null, phone: null });
    const phones = ['+33712345678', '+33787654321'];
    for (const sms of phones) {
      const proxy = { patient_id: patientId, relation: 'guardian', valid_from: '2029-01-01T00:00:00Z' };
      await world.insert('patient.proxies', { ...proxy, proxy_id: await world.addPatient({ email: null, sms }) });
    }
    const { event, status } = await reminderOf({ patientId, practitionerId });
    const box = mailbox(world.sent);
    const failing = world.startFunction({
      ...box,
      sendSms: async (sms) => {
        if (world.sent.length > 0) throw new AppError('unavailable', 'throttled');
        await box.sendSms(sms);
        throw new AppError('unavailable', 'no answer', { reason: 'no-answer' });
      },
    });
    expect(await failing(event)).toBe(503);
    expect(await tell({ to: world.sent[0]?.to ?? '' })).toBe(204);
    expect(await status()).toEqual(['triggered']);
    expect(await world.deliver(event)).toBe(204);
    expect(world.sent.map(({ to }) => to).toSorted()).toEqual(phones);
    expect(await status()).toEqual(['sent']);
  });

  it('is not sent again where the visit was cancelled meanwhile', async () => {
    const people = await someone();
    const { event } = await reminderOf(people);
    await dying()(event);
    world.pass({ seconds: 19 });
    await world.deliver(event);
    await world.rows(`UPDATE notification.reminders SET status = 'dropped' WHERE status = 'triggered'`);
    world.pass({ minutes: 2 });
    await world.tick();
    expect(world.sent).toHaveLength(1);
    expect(await textOf(event)).toMatchObject({ status: 'suppressed', error_code: 'superseded' });
  });
});

describe('what the provider logs of a text', () => {
  it('settles none of two to the same phone that were under way together', async () => {
    const { sms, ...people } = await someone();
    const events = [booking(people, SLOT).created(), booking(people, '2030-01-25T09:00:00Z').created()];
    for (const event of events) await dying()(event);
    expect(await tell({ to: sms })).toBe(204);
    expect(await Promise.all(events.map(textOf))).toMatchObject([{ status: 'claimed' }, { status: 'claimed' }]);
  });

  it('settles nothing twice, nor what was sent at another time or to another phone', async () => {
    const { sms, ...people } = await someone();
    const first = booking(people, SLOT).created();
    await dying()(first);
    const [id, earlier] = [randomUUID(), world.now().subtract({ minutes: 1 })];
    await tell({ to: sms, at: earlier }, { to: sms, at: world.now().add({ minutes: 1 }) }, { to: '+33611111111' });
    expect(await textOf(first)).toMatchObject({ status: 'claimed' });
    await tell({ to: sms, id });
    expect(await textOf(first)).toMatchObject({ status: 'sent' });
    const second = booking(people, '2030-01-25T09:00:00Z').created();
    await dying()(second);
    await tell({ to: sms, id });
    expect(await textOf(second)).toMatchObject({ status: 'claimed' });
  });

  it('stops all others to a phone that does not exist, and an event tells of it', async () => {
    const { sms, patientId, practitionerId } = await someone();
    const event = booking({ patientId, practitionerId }, SLOT).created();
    await world.deliver(event);
    const [{ provider_message_id: id } = { provider_message_id: '' }] = await world.rows<{
      provider_message_id: string;
    }>(
      `UPDATE notification.deliveries SET provider_message_id = $1 WHERE recipient_id = $2 AND status = 'sent'
       RETURNING provider_message_id`,
      [randomUUID(), patientId],
    );
    await tell({ to: sms, id, response: 'Phone is currently unreachable/unavailable' });
    await tell({ to: sms, id, response: 'Invalid phone number' });
    world.sent.length = 0;
    await world.deliver(booking({ patientId, practitionerId }, '2030-01-25T09:00:00Z').created());
    expect(world.sent).toEqual([]);
    const told = await world.rows<{ event: AnyEvent }>(
      `DELETE FROM notification.outbox WHERE topic = 'customer-events' RETURNING event`,
    );
    expect(told.map((row) => row.event)).toMatchObject([
      { type: 'careflow.address.bounced.v1', data: { customerId: patientId, channel: 'sms', reason: 'bounced' } },
    ]);
    expect(JSON.stringify(told)).not.toContain(sms);
  });

  it.each([
    ['is no gzip', () => Buffer.from('hello').toString('base64')],
    ['is cut', () => packed(logOf({ to: '+33611111111' })).slice(0, 40)],
    ['unfolds without end', () => gzipSync(Buffer.alloc(64 * 1024 * 1024)).toString('base64')],
    ['holds no log', () => gzipSync('{"logEvents":[{"message":"hello"},{}]}').toString('base64')],
    ['is of a day that is none', () => packed({ ...logOf({ to: '+33611111111' }), ...aDayThatIsNone })],
  ])('has no effect where it %s', async (_, message) => {
    expect(await feedback.post(feedback.message({ Message: message() }))).toBe(204);
  });

  const aDayThatIsNone = { notification: { messageId: 'm-1', timestamp: '2030-02-31 09:00:00.000' } };
});
