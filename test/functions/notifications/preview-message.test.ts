import { pino } from 'pino';
import { afterAll, expect, it } from 'vitest';

import { previewMessage } from '../../../functions/notifications/preview-message.ts';
import { previewMessage as contract } from '../../../schemas/api/notifications.ts';
import { roles, type Role } from '../../../shared/domain/caller.ts';
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

it('knows of no reminder to a practitioner', async () => {
  const answer = await preview('kind=booking-reminder&language=de&channel=sms&recipient=practitioner');
  expect(answer.statusCode).toBe(404);
});

it.each([
  'kind=unknown&language=fr&channel=email',
  'kind=booking-confirmed&language=es&channel=email',
  'kind=booking-confirmed&language=fr&channel=push',
  'language=fr&channel=email',
  'kind=booking-confirmed&language=fr&channel=email&patientId=1',
])('refuses %s', async (query) => {
  expect((await preview(query)).statusCode).toBe(400);
});

it.each(['patient', 'practitioner'] as const)('is not for a %s', async (role) => {
  expect((await preview('kind=booking-confirmed&language=fr&channel=email', role)).statusCode).toBe(403);
});
