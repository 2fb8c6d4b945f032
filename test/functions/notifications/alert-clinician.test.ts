import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import {
  CriticalResultAcknowledged,
  CriticalResultEscalated,
  CriticalResultRaised,
} from '../../../schemas/events/lab-result.v1.ts';
import { suppressAddress } from '../../../shared/db/suppressed-addresses.ts';
import { AppError } from '../../../shared/errors.ts';
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

type Alerted = { readonly practitionerId: string; readonly patientId: string };

async function parties(practitioner: Parameters<World['addPractitioner']>[0] = {}): Promise<Alerted> {
  return { practitionerId: await world.addPractitioner(practitioner), patientId: await world.addPatient() };
}

/** The events of one critical result. */
function alertOf(parties: Alerted) {
  const ids = { reportId: randomUUID(), alertId: randomUUID(), version: 1, country: 'fr', raisedAt: MORNING };
  const alert = { ...ids, ...parties };
  const after = (minutes: number) => Temporal.Instant.from(MORNING).add({ minutes }).toString();
  return {
    id: alert.alertId,
    raised: () => eventOf(CriticalResultRaised, alert),
    escalated: (step: number, minutes: number) => eventOf(CriticalResultEscalated, { ...alert, step }, after(minutes)),
    acknowledged: () => eventOf(CriticalResultAcknowledged, { ...alert, acknowledgedAt: after(20) }, after(20)),
  };
}

function told(): string[] {
  return world.sent
    .splice(0)
    .map(({ channel, to, subject, text }) => `${channel} ${to}: ${subject ?? text}`)
    .toSorted();
}

describe('a critical result', () => {
  it('is told to the practitioner by e-mail and SMS at once, and to nobody else', async () => {
    const people = await parties();
    const alert = alertOf(people);
    expect(await world.deliver(alert.raised())).toBe(204);
    expect(told()).toEqual([
      `email ${people.practitionerId}@practice.example: Résultat critique : à lire maintenant`,
      `sms +33100000001: URGENT Careflow : un résultat critique vous attend. Accusez-en réception maintenant. Réf. ${alert.id}`,
    ]);
  });

  it('is told in quiet hours and whatever channels were refused', async () => {
    const people = await parties({
      quiet_start_minute: 0,
      quiet_end_minute: 1439,
      channels: '{"critical":{"email":false,"sms":false}}',
    });
    await world.deliver(alertOf(people).raised());
    expect(told()).toHaveLength(2);
  });

  it('is told once, however often and however many at once the event comes', async () => {
    const event = alertOf(await parties()).raised();
    const other = world.startFunction(mailbox(world.sent));
    await Promise.all([world.deliver, other, world.deliver].map((to) => world.deliverUntilDone(event, to)));
    expect(await world.deliver(event)).toBe(204);
    expect(told()).toHaveLength(2);
  });

  it('is told by SMS where the e-mail address bounced', async () => {
    const people = await parties({ email: 'gone@practice.example' });
    await suppressAddress(world.db, 'email', 'gone@practice.example', 'bounced');
    await world.deliver(alertOf(people).raised());
    expect(told()).toMatchObject([expect.stringMatching(/^sms /)]);
  });

  it('goes to the dead letters where nobody knows the practitioner', async () => {
    const people = { ...(await parties()), practitionerId: randomUUID() };
    expect(await world.deliver(alertOf(people).raised())).toBe(422);
    expect(world.sent).toEqual([]);
  });
});

describe('an escalation', () => {
  it('says for how long nobody has answered, more urgently, and goes to those who stand in as well', async () => {
    const people = await parties();
    const standIn = await world.addPractitioner({ language: 'en', phone: null });
    const former = await world.addPractitioner({ phone: null });
    const stands = { country_code: 'fr', practitioner_id: people.practitionerId, valid_from: '2029-01-01T00:00:00Z' };
    await world.insert('practitioner.stand_ins', { ...stands, stand_in_id: standIn, valid_until: null });
    await world.insert('practitioner.stand_ins', {
      ...stands,
      stand_in_id: former,
      valid_until: '2029-02-01T00:00:00Z',
    });
    const alert = alertOf(people);
    await world.deliver(alert.raised());
    expect(told()).toHaveLength(2);
    expect(await world.deliver(alert.escalated(1, 15))).toBe(204);
    expect(told()).toEqual(
      [
        `email ${people.practitionerId}@practice.example: URGENT : résultat critique sans réponse depuis 15 minutes`,
        `email ${standIn}@practice.example: URGENT: critical result without an answer for 15 minutes`,
        `sms +33100000001: URGENT Careflow : résultat critique sans réponse depuis 15 min. Agissez maintenant. Réf. ${alert.id}`,
      ].toSorted(),
    );
    await world.deliver(alert.escalated(3, 60));
    expect(told().filter((line) => line.includes('60 min'))).toHaveLength(3);
  });
});

describe('an acknowledgement', () => {
  it('stops what is not sent yet', async () => {
    const alert = alertOf(await parties());
    const raised = alert.raised();
    const box = mailbox(world.sent);
    const halfDown = world.startFunction({
      ...box,
      sendSms: async () => Promise.reject(new AppError('unavailable', 'down')),
    });
    expect(await halfDown(raised)).toBe(503);
    expect(await world.deliver(alert.acknowledged())).toBe(204);
    expect(await world.deliver(raised)).toBe(204);
    expect(told()).toHaveLength(1);
    expect(await world.deliveriesOf(raised)).toMatchObject([
      { channel: 'email', status: 'sent' },
      { channel: 'sms', status: 'suppressed', error_code: 'acknowledged' },
    ]);
  });

  it('stops alerts that come after it, in whatever order events come', async () => {
    const alert = alertOf(await parties());
    const [raised, escalated] = [alert.raised(), alert.escalated(2, 30)];
    for (const event of [alert.acknowledged(), raised, escalated]) expect(await world.deliver(event)).toBe(204);
    expect(told()).toEqual([]);
    for (const event of [raised, escalated]) {
      expect(await world.deliveriesOf(event)).toMatchObject([
        { status: 'suppressed', error_code: 'acknowledged' },
        { status: 'suppressed', error_code: 'acknowledged' },
      ]);
    }
  });

  it('stops no alert of another result', async () => {
    const people = await parties();
    await world.deliver(alertOf(people).acknowledged());
    await world.deliver(alertOf(people).raised());
    expect(told()).toHaveLength(2);
  });
});

it('refuses an escalation that breaks its contract', async () => {
  expect(await world.deliver(alertOf(await parties()).escalated(4, 90))).toBe(422);
});
