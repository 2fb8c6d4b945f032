import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { BookingCompleted } from '../../../schemas/events/booking.v1.ts';
import type { AnyEvent } from '../../../schemas/events/contract.ts';
import * as customer from '../../../schemas/events/customer.v1.ts';
import * as homekit from '../../../schemas/events/homekit.v1.ts';
import { CriticalResultRaised, ResultReleased } from '../../../schemas/events/lab-result.v1.ts';
import { notificationData } from '../../../shared/db/subject-data/notification.ts';
import { eraseSubject } from '../../../shared/db/subject-data/subject-table.ts';
import { AppError } from '../../../shared/errors.ts';
import { booking, eventOf, mailbox, MORNING, openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  world.sent.length = 0;
  world.setTime(MORNING);
});

const NIGHT = { quiet_start_minute: 22 * 60, quiet_end_minute: 8 * 60 };
const LATE = '2030-01-01T22:30:00Z';

function customerOf(customerId: string) {
  return { customerId, country: 'fr', version: 1, occurredAt: MORNING };
}

function orderOf(customerId: string) {
  return { ...customerOf(customerId), orderId: randomUUID(), kind: 'test-kit' } as const;
}

function deviceOf(patientId: string) {
  return { deviceId: randomUUID(), version: 1, country: 'fr', patientId };
}

function kitOf(patientId: string) {
  return { testKitId: randomUUID(), version: 1, country: 'fr', patientId };
}

const consent = { purpose: 'research', consentVersion: '2026-03' } as const;

const events: readonly (readonly [string, (id: string) => AnyEvent, string, string, string])[] = [
  [
    'a device registered',
    (id) => eventOf(homekit.HomekitDeviceRegistered, deviceOf(id)),
    'Votre appareil est enregistré',
    'Ihr Gerät ist registriert',
    'Your device is registered',
  ],
  [
    'a device rejected',
    (id) => eventOf(homekit.HomekitDeviceRejected, { ...deviceOf(id), reason: 'proof-failed' }),
    "Votre appareil n'a pas pu être enregistré",
    'Ihr Gerät konnte nicht registriert werden',
    'Your device could not be registered',
  ],
  [
    'a device whose use was granted',
    (id) => eventOf(homekit.HomekitDeviceAuthorized, { ...deviceOf(id), granteeId: id, role: 'owner' }),
    "L'accès à un appareil a été accordé",
    'Zugriff auf ein Gerät wurde erteilt',
    'Access to a device was granted',
  ],
  [
    'a device revoked',
    (id) => eventOf(homekit.HomekitDeviceRevoked, deviceOf(id)),
    "L'accès à un appareil a été retiré",
    'Zugriff auf ein Gerät wurde entzogen',
    'Access to a device was withdrawn',
  ],
  [
    'a test kit registered',
    (id) => eventOf(homekit.TestKitRegistered, kitOf(id)),
    'Votre kit est enregistré',
    'Ihr Test-Kit ist registriert',
    'Your test kit is registered',
  ],
  [
    'a test kit rejected',
    (id) => eventOf(homekit.TestKitRejected, { ...kitOf(id), reason: 'lot-expired' }),
    'Votre kit ne peut pas être utilisé',
    'Ihr Test-Kit kann nicht verwendet werden',
    'Your test kit cannot be used',
  ],
  [
    'an account updated',
    (id) => eventOf(customer.AccountUpdated, { ...customerOf(id), status: 'active' }),
    'Votre compte Careflow a changé',
    'Ihr Careflow-Konto hat sich geändert',
    'Your Careflow account has changed',
  ],
  [
    'a consent given',
    (id) => eventOf(customer.ConsentGiven, { ...customerOf(id), ...consent }),
    'Votre consentement est enregistré',
    'Ihre Einwilligung ist gespeichert',
    'Your consent is recorded',
  ],
  [
    'a consent withdrawn',
    (id) => eventOf(customer.ConsentWithdrawn, { ...customerOf(id), ...consent }),
    'Votre consentement est retiré',
    'Ihre Einwilligung ist widerrufen',
    'Your consent is withdrawn',
  ],
  [
    'an order placed',
    (id) => eventOf(customer.OrderPlaced, orderOf(id)),
    'Votre commande est enregistrée',
    'Ihre Bestellung ist eingegangen',
    'We have your order',
  ],
  [
    'an order shipped',
    (id) => eventOf(customer.OrderShipped, orderOf(id)),
    'Votre commande est en route',
    'Ihre Bestellung ist unterwegs',
    'Your order is on its way',
  ],
  [
    'an order cancelled',
    (id) => eventOf(customer.OrderCancelled, orderOf(id)),
    'Votre commande est annulée',
    'Ihre Bestellung ist storniert',
    'Your order is cancelled',
  ],
];

describe.each(events)('%s', (_, event, ...subjects) => {
  it.each(['fr', 'de', 'en'] as const)('is told in %s by e-mail, SMS and push, once', async (language) => {
    const push = 'arn:aws:sns:eu-west-3:000000000000:endpoint/APNS/careflow/1';
    const told = event(await world.addPatient({ push, preferences: { language } }));
    const other = world.startFunction(mailbox(world.sent));
    const statuses = await Promise.all([world.deliver, other].map((to) => world.deliverUntilDone(told, to)));
    expect([...statuses, await world.deliver(told)]).toEqual([204, 204, 204]);
    expect(world.sent.map(({ channel }) => channel).toSorted()).toEqual(['email', 'push', 'sms']);
    const subject = subjects[['fr', 'de', 'en'].indexOf(language)];
    expect(world.sent.find(({ channel }) => channel === 'email')?.subject).toBe(subject);
  });

  it('is told late in the evening by e-mail at once, and by SMS when quiet hours are over', async () => {
    world.setTime(LATE);
    expect(await world.deliver(event(await world.addPatient({ preferences: NIGHT })))).toBe(204);
    expect(world.sent.splice(0).map(({ channel }) => channel)).toEqual(['email']);
    world.setTime('2030-01-02T06:59:59Z');
    await world.tick();
    expect(world.sent).toEqual([]);
    world.setTime('2030-01-02T07:00:00Z');
    await world.tick();
    await world.tick();
    expect(world.sent.map(({ channel }) => channel)).toEqual(['sms']);
  });
});

it.each([
  ['device', (id: string) => eventOf(homekit.HomekitDeviceRegistered, deviceOf(id))],
  ['order', (id: string) => eventOf(customer.OrderShipped, orderOf(id))],
  ['account', (id: string) => eventOf(customer.ConsentGiven, { ...customerOf(id), ...consent })],
])('what is of the category %s is left out where it was refused', async (category, eventFor) => {
  const event = eventFor(await world.addPatient({ preferences: { channels: { [category]: { sms: false } } } }));
  await world.deliver(event);
  expect(world.sent.map(({ channel }) => channel)).toEqual(['email']);
  expect(await world.deliveriesOf(event)).toMatchObject([
    { status: 'sent' },
    { status: 'suppressed', error_code: 'opted-out' },
  ]);
});

it('the use of a device is told to its owner and to whoever was given or lost it', async () => {
  const [owner, guest] = [await world.addPatient({ sms: null }), await world.addPatient({ sms: null })];
  const device = { ...deviceOf(owner), granteeId: guest };
  await world.deliver(eventOf(homekit.HomekitDeviceAuthorized, { ...device, role: 'guest' }));
  await world.deliver(eventOf(homekit.HomekitDeviceRevoked, device));
  expect(world.sent.map(({ to }) => to).toSorted()).toEqual(
    [owner, owner, guest, guest].map((id) => `${id}@home.example`).toSorted(),
  );
});

it.each([
  ['a profile', (id: string) => eventOf(customer.ProfileChanged, { ...customerOf(id), sealed: 'a..b.c.d' })],
  ['preferences', (id: string) => eventOf(customer.PreferencesChanged, { ...customerOf(id), sealed: 'a..b.c.d' })],
  [
    'a consent that came with a test kit',
    (id: string) => eventOf(customer.ConsentGiven, { ...customerOf(id), ...consent, testKitId: randomUUID() }),
  ],
  ['a payment', (id: string) => eventOf(customer.OrderPaid, orderOf(id))],
  ['an order whose kit is of no use', (id: string) => eventOf(customer.OrderReopened, orderOf(id))],
  ['a result of an order', (id: string) => eventOf(customer.OrderResulted, orderOf(id))],
])('a change of %s is no news of its own', async (_, event) => {
  expect(await world.deliver(event(await world.addPatient()))).toBe(204);
  expect(world.sent).toEqual([]);
});

it('an app that was removed is refused once, and not written to again', async () => {
  const push = 'arn:aws:sns:eu-west-3:000000000000:endpoint/GCM/careflow/removed';
  const id = await world.addPatient({ sms: null, push });
  const refusing = world.startFunction({
    ...mailbox(world.sent),
    sendPush: async () => Promise.reject(new AppError('unprocessable', 'gone', { reason: 'endpoint-disabled' })),
  });
  const [first, second] = [eventOf(customer.OrderPlaced, orderOf(id)), eventOf(customer.OrderShipped, orderOf(id))];
  expect(await refusing(first)).toBe(422);
  expect(await world.deliver(first)).toBe(204);
  expect(await world.deliver(second)).toBe(204);
  expect(world.sent.map(({ channel }) => channel)).toEqual(['email', 'email']);
  const bounced = await world.rows(
    `SELECT event -> 'data' AS data FROM notification.outbox WHERE topic = 'customer-events' AND partition_key = $1`,
    [id],
  );
  expect(bounced).toMatchObject([{ data: { customerId: id, country: 'fr', channel: 'push', reason: 'bounced' } }]);
  for (const event of [first, second]) {
    expect(await world.deliveriesOf(event)).toContainEqual(
      expect.objectContaining({ channel: 'push', status: 'suppressed', error_code: 'address-suppressed' }),
    );
  }
});

describe('an account that is erased', () => {
  it('is sent nothing any more of what was held or is still to be reminded of', async () => {
    const patientId = await world.addPatient();
    const other = await world.addPatient({ sms: null });
    const practitionerId = await world.addPractitioner({ phone: null });
    await world.deliver(booking({ practitionerId, patientId }, '2030-01-20T09:00:00Z').created());
    for (const id of [patientId, other]) {
      const report = { reportId: await world.addReport(id), version: 1, country: 'fr', releasedAt: MORNING };
      await world.deliver(eventOf(ResultReleased, { ...report, patientId: id }));
    }
    world.sent.length = 0;
    expect(await world.deliver(eventOf(customer.AccountErased, customerOf(patientId)))).toBe(204);
    world.setTime('2030-01-19T12:00:00Z');
    await world.tick();
    expect(world.sent.map(({ to }) => to)).toEqual([`${other}@home.example`]);
    expect(await left(patientId)).toEqual([]);
  });

  it('leaves nothing where a visit is cancelled for it afterwards, which its practitioner is told', async () => {
    const patientId = await world.addPatient();
    const practitionerId = await world.addPractitioner({ phone: null });
    const visit = booking({ practitionerId, patientId }, '2030-01-20T09:00:00Z');
    await world.deliver(visit.created());
    expect(await world.deliver(eventOf(customer.AccountErased, customerOf(patientId)))).toBe(204);
    world.sent.length = 0;
    const cancelled = visit.cancelled();
    const down = world.startFunction({
      ...mailbox(),
      sendEmail: async () => Promise.reject(new AppError('unavailable', 'down')),
    });
    expect(await down(cancelled)).toBe(503);
    expect([await world.deliver(cancelled), await world.deliver(cancelled)]).toEqual([204, 204]);
    expect(world.sent.map(({ to }) => to)).toEqual([`${practitionerId}@practice.example`]);
    expect(await left(patientId)).toEqual([]);
  });

  it('leaves nothing of what comes later of other things, and no visit that is over', async () => {
    const patientId = await world.addPatient();
    const visit = booking({ practitionerId: await world.addPractitioner(), patientId }, '2030-01-20T09:00:00Z');
    await world.deliver(eventOf(customer.AccountErased, customerOf(patientId)));
    const later = [
      visit.other(BookingCompleted.type),
      eventOf(customer.OrderCancelled, orderOf(patientId)),
      eventOf(homekit.HomekitDeviceRevoked, deviceOf(patientId)),
    ];
    for (const event of later) expect(await world.deliver(event)).toBe(204);
    expect(world.sent).toEqual([]);
    expect(await left(patientId)).toEqual([]);
  });

  it('keeps what its practitioner is still to be told until that is told', async () => {
    const patientId = await world.addPatient();
    const visit = booking({ practitionerId: await world.addPractitioner(NIGHT), patientId }, '2030-01-20T09:00:00Z');
    world.setTime(LATE);
    await world.deliver(visit.cancelled(LATE));
    await world.deliver(eventOf(customer.AccountErased, customerOf(patientId)));
    world.sent.length = 0;
    world.setTime('2030-01-02T07:00:00Z');
    await world.tick();
    expect(world.sent.map(({ channel, to }) => `${channel} ${to}`)).toEqual(['sms +33100000001']);
  });

  it('keeps while it is under way what a practitioner is told in the morning, and has it no longer', async () => {
    const patientId = await world.addPatient();
    const visit = booking({ practitionerId: await world.addPractitioner(NIGHT), patientId }, '2030-01-20T09:00:00Z');
    world.setTime(LATE);
    await world.deliver(visit.created(LATE));
    await world.deliver(visit.cancelled(LATE));
    await erase(patientId);
    world.sent.length = 0;
    world.setTime('2030-01-02T07:00:00Z');
    await world.tick();
    expect(world.sent.map(({ channel, to }) => `${channel} ${to}`)).toEqual(['sms +33100000001']);
    await world.deliver(eventOf(customer.AccountErased, customerOf(patientId)));
    expect(await left(patientId)).toEqual([]);
  });

  it.each([
    [
      'a cancelled visit',
      (practitionerId: string, patientId: string) =>
        booking({ practitionerId, patientId }, '2030-01-20T09:00:00Z').cancelled(),
    ],
    [
      'a critical result',
      (practitionerId: string, patientId: string) =>
        eventOf(CriticalResultRaised, {
          alertId: randomUUID(),
          reportId: randomUUID(),
          version: 1,
          country: 'fr',
          patientId,
          practitionerId,
          raisedAt: MORNING,
        }),
    ],
  ])('keeps while it is under way the news of %s that a provider did not take', async (_, eventFor) => {
    const patientId = await world.addPatient();
    const practitionerId = await world.addPractitioner({ phone: null });
    const event = eventFor(practitionerId, patientId);
    const sendEmail = async () => Promise.reject(new AppError('unavailable', 'throttled'));
    expect(await world.startFunction({ ...mailbox(), sendEmail })(event)).toBe(503);
    await erase(patientId);
    expect(await world.deliver(event)).toBe(204);
    expect(world.sent.map(({ to }) => to)).toEqual([`${practitionerId}@practice.example`]);
    await erase(patientId);
    expect(await left(patientId)).toEqual([]);
  });

  /** What the worker does to this context before it tells that the account is erased. */
  async function erase(patientId: string): Promise<void> {
    await eraseSubject(world.db, notificationData, patientId, async () => undefined);
  }

  /** The tables that still name a patient. */
  async function left(patientId: string): Promise<unknown[]> {
    return world.rows(
      `SELECT 'bookings' AS table FROM notification.bookings b WHERE b::text LIKE $1
       UNION SELECT 'reminders' FROM notification.reminders r WHERE r::text LIKE $1
       UNION SELECT 'notices' FROM notification.notices n WHERE n::text LIKE $1
       UNION SELECT 'deliveries' FROM notification.deliveries d WHERE d::text LIKE $1`,
      [`%${patientId}%`],
    );
  }
});

describe('a booking told of in quiet hours', () => {
  async function booked(slotStart: string, at = LATE) {
    world.setTime(at);
    const patientId = await world.addPatient({ preferences: NIGHT });
    const practitionerId = await world.addPractitioner({ phone: null });
    return booking({ practitionerId, patientId }, slotStart);
  }

  function smsTold(): string[] {
    return world.sent.filter(({ channel }) => channel === 'sms').map(({ text }) => text);
  }

  it('is confirmed by e-mail at once and by SMS in the morning', async () => {
    const visit = await booked('2030-01-20T09:00:00Z');
    await world.deliver(visit.created(LATE));
    expect(world.sent.map(({ channel }) => channel)).toEqual(['email', 'email']);
    world.setTime('2030-01-02T07:00:00Z');
    await world.tick();
    expect(smsTold()).toEqual([expect.stringContaining('Rendez-vous confirmé')]);
  });

  it('is told by SMS in the morning as it stands then: what was overtaken in the night is left out', async () => {
    const visit = await booked('2030-01-20T09:00:00Z');
    await world.deliver(visit.created(LATE));
    await world.deliver(visit.rescheduled('2030-01-21T09:00:00Z', LATE));
    world.setTime('2030-01-02T07:00:00Z');
    await world.tick();
    expect(smsTold()).toEqual([expect.stringContaining('déplacé au lun. 21 janv.')]);
  });

  it('is cancelled by SMS at once when the morning would be too late', async () => {
    const visit = await booked('2030-01-02T08:00:00Z');
    await world.deliver(visit.cancelled(LATE));
    expect(smsTold()).toEqual([expect.stringContaining('Rendez-vous annulé')]);
  });
});
