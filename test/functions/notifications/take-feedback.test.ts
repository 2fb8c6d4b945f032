import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createSigner } from '../../../infra/local/mailbox/signer.ts';
import type { AnyEvent } from '../../../schemas/events/contract.ts';
import { ConsentGiven } from '../../../schemas/events/customer.v1.ts';
import { openFeedback, TOPIC } from './feedback.ts';
import { booking, eventOf, mailbox, MORNING, openWorld, type World } from './world.ts';

let world: World;
let sns: Awaited<ReturnType<typeof openFeedback>>;
beforeAll(async () => {
  world = await openWorld();
  sns = await openFeedback(world);
});
afterAll(async () => {
  await sns.close();
  await world.close();
});
beforeEach(() => {
  world.sent.length = 0;
  world.setTime(MORNING);
});

function bounce(to: string, bounceType: string, messageId = 'm-0') {
  const about = { bounceType, bouncedRecipients: [{ emailAddress: to }] };
  const bounced = { ...about, feedbackId: randomUUID(), timestamp: MORNING };
  return sns.message({ Message: JSON.stringify({ notificationType: 'Bounce', mail: { messageId }, bounce: bounced }) });
}

function complaint(to: string, messageId = 'm-0') {
  const complained = { feedbackId: randomUUID(), timestamp: MORNING, complainedRecipients: [{ emailAddress: to }] };
  const Message = JSON.stringify({ eventType: 'Complaint', mail: { messageId }, complaint: complained });
  return sns.message({ Message, Subject: 'Amazon SES Email Event Notification' });
}

/** @returns an e-mail that was sent to a patient of its own: to whom, and its ids. */
async function sentEmail() {
  const patientId = await world.addPatient({ sms: null });
  const practitionerId = await world.addPractitioner({ email: null, phone: null });
  const event = booking({ practitionerId, patientId }, '2030-01-20T09:00:00Z').created();
  await world.deliver(event);
  const [message] = world.sent.splice(0);
  if (!message) throw new Error('nothing was sent');
  const messageId = `ses-${randomUUID()}`;
  await world.rows('UPDATE notification.deliveries SET provider_message_id = $1 WHERE id = $2', [
    messageId,
    message.deliveryId,
  ]);
  return { patientId, messageId, to: message.to, deliveryId: message.deliveryId };
}

/** Whether the patient is still written to. */
async function isReached(customerId: string): Promise<boolean> {
  const about = { customerId, country: 'fr', version: 1, occurredAt: MORNING };
  await world.deliver(eventOf(ConsentGiven, { ...about, purpose: 'research', consentVersion: '1' }));
  return world.sent.splice(0).length > 0;
}

async function bouncedEvents(): Promise<AnyEvent[]> {
  const rows = await world.rows<{ event: AnyEvent }>(
    `DELETE FROM notification.outbox WHERE topic = 'customer-events' RETURNING event`,
  );
  return rows.map(({ event }) => event);
}

describe('an e-mail that', () => {
  it.each([
    ['bounces for good', 'bounced', (to: string, id: string) => bounce(to, 'Permanent', id)],
    ['is complained of', 'complained', (to: string, id: string) => complaint(to, id)],
  ])('%s stops all others to its address, and an event tells of it without the address', async (_, reason, told) => {
    const { patientId, messageId, to } = await sentEmail();
    const message = told(to.toUpperCase(), messageId);
    expect(await sns.post(message)).toBe(204);
    expect(await isReached(patientId)).toBe(false);
    const events = await bouncedEvents();
    expect(events).toMatchObject([
      {
        type: 'careflow.address.bounced.v1',
        source: '/careflow/notifications',
        partitionkey: patientId,
        data: {
          customerId: patientId,
          country: 'fr',
          channel: 'email',
          reason,
          addressHash: expect.stringMatching(/^[\da-f]{64}$/),
        },
      },
    ]);
    expect(JSON.stringify(events)).not.toContain('@');
  });

  it('bounces for the moment is counted, and gives its address up the fifth time', async () => {
    const { patientId, messageId, to } = await sentEmail();
    for (let count = 1; count <= 4; count += 1) expect(await sns.post(bounce(to, 'Transient', messageId))).toBe(204);
    expect(await isReached(patientId)).toBe(true);
    await sns.post(bounce(to, 'Undetermined', messageId));
    expect(await isReached(patientId)).toBe(false);
    expect(await bouncedEvents()).toHaveLength(1);
  });

  it('bounced for the moment long ago does not count', async () => {
    const { patientId, messageId, to } = await sentEmail();
    for (let count = 1; count <= 4; count += 1) await sns.post(bounce(to, 'Transient', messageId));
    world.setTime('2030-02-05T09:00:00Z');
    const fresh = bounce(to, 'Transient', messageId);
    await sns.post(sns.message({ Message: fresh.Message, Timestamp: '2030-02-05T09:00:00Z' }));
    expect(await isReached(patientId)).toBe(true);
  });

  it('was taken though its sender did not live to see it is recorded, and not sent again', async () => {
    const patientId = await world.addPatient({ sms: null });
    const about = { customerId: patientId, country: 'fr', version: 1, occurredAt: MORNING };
    const event = eventOf(ConsentGiven, { ...about, purpose: 'research', consentVersion: '1' });
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
    void crashing(event);
    await crashed.promise;
    const headers = [{ name: 'X-Careflow-Delivery', value: world.sent[0]?.deliveryId }];
    const Message = JSON.stringify({ notificationType: 'Delivery', mail: { messageId: 'ses-1', headers } });
    expect(await sns.post(sns.message({ Message }))).toBe(204);
    world.pass({ seconds: 31 });
    expect(await world.deliver(event)).toBe(204);
    expect(world.sent).toHaveLength(1);
    expect((await world.deliveriesOf(event))[0]).toMatchObject({ status: 'sent', attempts: 1, may_repeat: false });
  });
});

describe('an address that is given up is told of', () => {
  it('where another function wrote to it', async () => {
    const patientId = await world.addPatient({ sms: null });
    await sns.post(bounce(`${patientId}@home.example`, 'Permanent', 'of-a-job'));
    expect(await bouncedEvents()).toMatchObject([
      { subject: patientId, data: { customerId: patientId, country: 'fr' } },
    ]);
  });

  it('where whoever wrote to it was killed before it kept the id of its message', async () => {
    const { patientId, to, deliveryId } = await sentEmail();
    await world.rows(
      `UPDATE notification.deliveries SET status = 'claimed', provider_message_id = NULL, lease_until = now() WHERE id = $1`,
      [deliveryId],
    );
    await sns.post(bounce(to, 'Permanent', 'unknown'));
    expect(await bouncedEvents()).toMatchObject([{ data: { customerId: patientId } }]);
  });

  it('to each of those who share it, and to nobody twice', async () => {
    const email = `${randomUUID()}@Home.example`;
    const family = [await world.addPatient({ email, sms: null }), await world.addPatient({ email, sms: null })];
    for (let count = 0; count < 2; count += 1) await sns.post(bounce(email.toLowerCase(), 'Permanent', 'unknown'));
    const told = (await bouncedEvents()).map(({ subject }) => subject);
    expect([told.length, new Set(told)]).toEqual([2, new Set(family)]);
  });

  it('to no practitioner', async () => {
    const practitionerId = await world.addPractitioner();
    await sns.post(bounce(`${practitionerId}@practice.example`, 'Permanent', 'unknown'));
    expect(await bouncedEvents()).toEqual([]);
  });
});

describe('a message that comes', () => {
  it('twice, one after the other or at once, has one effect', async () => {
    const { messageId, to } = await sentEmail();
    const message = bounce(to, 'Transient', messageId);
    expect(await Promise.all([sns.post(message), sns.post(message)])).toEqual([204, 204]);
    for (let count = 0; count < 6; count += 1) expect(await sns.post(message)).toBe(204);
    expect(await bouncedEvents()).toEqual([]);
    const again = bounce(to, 'Permanent', messageId);
    for (let count = 0; count < 3; count += 1) await sns.post(again);
    await sns.post(complaint(to, messageId));
    expect(await bouncedEvents()).toHaveLength(1);
  });

  it('about somebody nobody wrote to suppresses the address all the same', async () => {
    expect(await sns.post(bounce('stranger@home.example', 'Permanent', 'unknown'))).toBe(204);
    const patientId = await world.addPatient({ email: 'stranger@home.example', sms: null });
    expect(await isReached(patientId)).toBe(false);
    expect(await bouncedEvents()).toEqual([]);
  });

  it.each(['{}', 'Successfully validated SNS topic for Amazon SES event publishing.', '{"notificationType":"Bounce"}'])(
    'from the topic without feedback has no effect (%s)',
    async (Message) => {
      expect(await sns.post(sns.message({ Message }))).toBe(204);
      expect(await bouncedEvents()).toEqual([]);
    },
  );

  it('as JSON, or signed in version 1, is taken as well', async () => {
    expect(await sns.post(sns.message({ SignatureVersion: '1' }), { type: 'application/json' })).toBe(204);
  });
});

describe('a subscription', () => {
  it('is confirmed where SNS says', async () => {
    const SubscribeURL = `${sns.url}/confirm?Token=t-1`;
    expect(await sns.post(sns.message({ Type: 'SubscriptionConfirmation', Token: 't-1', SubscribeURL }))).toBe(204);
    expect(sns.asked).toContain('/confirm?Token=t-1');
  });

  it('is confirmed nowhere else', async () => {
    const SubscribeURL = 'https://sns.eu-west-3.amazonaws.com.evil.example/';
    expect(await sns.post(sns.message({ Type: 'SubscriptionConfirmation', Token: 't-2', SubscribeURL }))).toBe(403);
  });

  it('that ends is taken note of, and not taken up again', async () => {
    const SubscribeURL = `${sns.url}/again`;
    expect(await sns.post(sns.message({ Type: 'UnsubscribeConfirmation', Token: 't-3', SubscribeURL }))).toBe(204);
    expect(sns.asked).not.toContain('/again');
  });
});

describe('nobody is heard who', () => {
  const later = '2030-01-01T09:06:00Z';

  it.each([
    ['is of another topic', () => sns.message({ TopicArn: `${TOPIC}-other` })],
    ['signs with another key', () => sns.message({}, createSigner(Temporal.Now.instant()).privateKey)],
    ['changes what was signed', () => ({ ...sns.message({}), Message: '{"changed":true}' })],
    ['says that the signature is of another version', () => ({ ...sns.message({}), SignatureVersion: '1' })],
    ['comes from an hour ago', () => sns.message({ Timestamp: '2030-01-01T07:59:59Z' })],
    ['comes from the time to come', () => sns.message({ Timestamp: later })],
    ['shows a certificate of a stranger', () => sns.message({ SigningCertURL: 'https://evil.example/c.pem' })],
    [
      'shows one of a host that looks like it',
      () => sns.message({ SigningCertURL: 'https://sns.eu-west-3.amazonaws.com.evil.example/c.pem' }),
    ],
    ['shows one in clear', () => sns.message({ SigningCertURL: 'http://sns.eu-west-3.amazonaws.com/c.pem' })],
    ['shows one of another service', () => sns.message({ SigningCertURL: 'https://s3.eu-west-3.amazonaws.com/c.pem' })],
  ])('%s', async (_, message) => {
    const before = sns.asked.length;
    expect(await sns.post(message())).toBe(403);
    expect(sns.asked.length - before).toBeLessThanOrEqual(1);
  });

  it.each([
    ['sends no JSON', () => 'hello', 400],
    ['sends nothing', () => '', 400],
    ['sends no message of SNS', () => ({ Type: 'Notification' }), 400],
    ['sends one of an unknown type', () => ({ ...sns.message({}), Type: 'Other' }), 400],
    ['sends one of an unknown version', () => ({ ...sns.message({}), SignatureVersion: '3' }), 400],
  ])('%s', async (_, message, status) => {
    expect(await sns.post(message())).toBe(status);
  });

  it('sends another media type, too much, or to a country that is not served', async () => {
    expect(await sns.post(sns.message({}), { type: 'application/xml' })).toBe(415);
    expect(await sns.post(sns.message({ Message: 'x'.repeat(300_000) }))).toBe(413);
    expect(await sns.post(sns.message({}), { path: '/xx/notifications/feedback' })).toBe(404);
  });
});

it('asks for a certificate once, and comes again while it cannot be had', async () => {
  const SigningCertURL = `${sns.url}/another.pem`;
  const message = sns.message({ SigningCertURL });
  sns.answers(false);
  expect(await sns.post(message)).toBe(503);
  sns.answers(true);
  for (let count = 0; count < 3; count += 1) expect(await sns.post(message)).toBe(204);
  expect(sns.asked.filter((path) => path === '/another.pem')).toHaveLength(2);
});
