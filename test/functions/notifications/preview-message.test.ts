import { pino } from 'pino';
import { afterAll, expect, it } from 'vitest';

import { previewMessage } from '../../../functions/notifications/preview-message.ts';
import { previewMessage as contract } from '../../../schemas/api/notifications.ts';
import { roles, type Role } from '../../../shared/domain/caller.ts';
import { channels, languages, notificationKinds } from '../../../shared/domain/notification.ts';
import { route } from '../../../shared/runtime/route.ts';
import { buildServer } from '../../../shared/runtime/server.ts';

const app = buildServer(
  {
    name: 'notifications',
    routes: [route(contract, previewMessage({ emailFrom: 'no-reply@careflow.example' }))],
    subscriptions: [],
    authenticate: async (role) => ({
      subject: 'someone',
      roles: roles.filter((each) => each === role),
      scopes: ['notifications:read'],
      country: 'fr',
    }),
    dependencies: {},
    close: async () => undefined,
  },
  { log: pino({ level: 'silent' }) },
);
afterAll(() => app.close());

function preview(query: string, role: Role = 'staff') {
  return app.inject({ url: `/fr/notifications/preview?${query}`, headers: { authorization: role } });
}

it('shows an e-mail with its invitation', async () => {
  const answer = await preview('kind=booking-confirmed&language=fr&channel=email');
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toEqual({
    subject: 'Rendez-vous confirmé : lundi 4 mars 2030 à 10:00',
    text: expect.stringContaining('Avec : Camille Exemple'),
    calendar: expect.stringContaining('METHOD:REQUEST'),
  });
});

it('shows an SMS as the practitioner reads it', async () => {
  const answer = await preview('kind=booking-cancelled&language=de&channel=sms&recipient=practitioner');
  expect(answer.json()).toEqual({
    text: 'Termin abgesagt am Mo., 4. März um 10:00. Ref. 00000000-0000-4000-8000-000000000000',
  });
});

it('shows every kind there is, in every language and on every channel, to those who are sent it', async () => {
  const kinds = contract.query.shape.kind.options;
  expect(kinds).toEqual([...notificationKinds]);
  const statuses = [];
  for (const kind of kinds) {
    for (const language of languages) {
      for (const channel of channels) {
        const query = `kind=${kind}&language=${language}&channel=${channel}`;
        const recipients = [await preview(query), await preview(`${query}&recipient=practitioner`)];
        const shown = recipients.filter(({ statusCode }) => statusCode === 200).map((answer) => answer.json());
        expect(shown.every(({ text }) => text.length > 15)).toBe(true);
        statuses.push(shown.length);
      }
    }
  }
  expect(statuses.every((shown) => shown > 0)).toBe(true);
});

it('shows a push message in the words of the SMS', async () => {
  const answer = await preview('kind=result-available&language=en&channel=push');
  expect(answer.json()).toEqual({ text: 'Careflow: a new result is available. To read it, open your account.' });
});

it('shows how long a critical result has waited', async () => {
  const answer = await preview('kind=critical-result-escalated&language=en&channel=email&recipient=practitioner');
  expect(answer.json()).toMatchObject({ subject: 'URGENT: critical result without an answer for 15 minutes' });
});

it('knows of no reminder to a practitioner', async () => {
  const answer = await preview('kind=booking-reminder&language=de&channel=sms&recipient=practitioner');
  expect(answer.statusCode).toBe(404);
});

it.each([
  'kind=unknown&language=fr&channel=email',
  'kind=booking-confirmed&language=es&channel=email',
  'kind=booking-confirmed&language=fr&channel=fax',
  'language=fr&channel=email',
  'kind=booking-confirmed&language=fr&channel=email&patientId=1',
])('refuses %s', async (query) => {
  expect((await preview(query)).statusCode).toBe(400);
});

it.each(['patient', 'practitioner'] as const)('is not for a %s', async (role) => {
  expect((await preview('kind=booking-confirmed&language=fr&channel=email', role)).statusCode).toBe(403);
});
