import { pino } from 'pino';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

import { open } from '../../../functions/notifications/index.ts';
import { freePort } from '../../../infra/local/services/free-port.ts';
import type { AnyEvent } from '../../../schemas/events/contract.ts';
import { ConfigError } from '../../../shared/runtime/config.ts';
import { buildServer } from '../../../shared/runtime/server.ts';
import { openMailbox } from '../../shared/notify/mailbox.ts';
import { createRedisDatabase } from '../../support/services/redis-database.ts';
import { until } from '../../support/until.ts';
import { requestOf } from '../event-request.ts';
import { booking, openWorld, type World } from './world.ts';

const log = pino({ level: 'silent' });

let world: World;
let mailbox: Awaited<ReturnType<typeof openMailbox>>;
beforeAll(async () => {
  [world, mailbox] = await Promise.all([openWorld(), openMailbox()]);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local').stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all([world.close(), mailbox.close()]);
});

async function environment() {
  const [, notification, patientReader, practitionerReader, laboratoryReader] = world.urls;
  return {
    DATABASE_URL_NOTIFICATION: notification,
    DATABASE_URL_PATIENT_READER: patientReader,
    DATABASE_URL_PRACTITIONER_READER: practitionerReader,
    DATABASE_URL_LABORATORY_READER: laboratoryReader,
    REDIS_URL: await createRedisDatabase(),
    OIDC_ISSUER: 'https://id.example',
    OIDC_JWKS_URL: 'https://id.example/jwks',
    AWS_REGION: 'eu-west-3',
    AWS_ENDPOINT_URL: mailbox.aws().endpoint,
    EMAIL_FROM: 'Careflow <no-reply@careflow.example>',
  };
}

it('sends two e-mails and two SMS for one booking through SES and SNS, and is ready', async () => {
  const fn = await open(await environment(), log);
  const app = buildServer(fn, { log });
  const people = { practitionerId: await world.addPractitioner(), patientId: await world.addPatient() };
  const soon = Temporal.Now.instant().add({ hours: 30 }).round('minute');

  const answer = await app.inject(
    requestOf(booking(people, soon.toString()).created(Temporal.Now.instant().toString())),
  );
  expect(answer.statusCode).toBe(204);
  const { items } = await mailbox.list();
  expect(items.map(({ channel }) => channel).toSorted()).toEqual(['email', 'email', 'sms', 'sms']);
  expect((await app.inject('/health/ready')).statusCode).toBe(200);

  await app.close();
  await fn.close();
});

it('writes no more to an address whose mail bounced at the provider, and is told that mail was taken', async () => {
  const port = await freePort();
  const FEEDBACK_TOPIC_ARN = 'arn:aws:sns:eu-west-3:000000000000:ses-feedback';
  const url = `http://127.0.0.1:${port}/fr/notifications/feedback`;
  const bouncing = await openMailbox({ feedback: { url, topicArn: FEEDBACK_TOPIC_ARN } });
  const settings = { ...(await environment()), FEEDBACK_TOPIC_ARN, AWS_ENDPOINT_URL: bouncing.aws().endpoint };
  const fn = await open(settings, log);
  const app = buildServer(fn, { log });
  await app.listen({ host: '127.0.0.1', port });
  const people = { practitionerId: await world.addPractitioner(), patientId: await world.addPatient({ sms: null }) };
  const to = `${people.patientId}@home.example`;
  const soon = Temporal.Now.instant().add({ hours: 30 }).round('minute');
  const visit = booking(people, soon.toString());
  const deliver = async (event: AnyEvent) => expect((await app.inject(requestOf(event))).statusCode).toBe(204);

  await bouncing.setFaults({ bounce: [to], confirm: true });
  await deliver(visit.created(Temporal.Now.instant().toString()));
  const told = () =>
    world.rows<{ event: AnyEvent }>(`SELECT event FROM notification.outbox WHERE topic = 'customer-events'`);
  await until(async () => (await told()).length === 1, { what: 'the bounce to be heard' });
  expect((await told())[0]?.event).toMatchObject({ data: { customerId: people.patientId, reason: 'bounced' } });
  await deliver(visit.cancelled(Temporal.Now.instant().toString()));
  const { items } = await bouncing.list(`?to=${encodeURIComponent(to)}`);
  expect(items).toHaveLength(1);

  // First: what it is still telling would keep its connection.
  await bouncing.close();
  await app.close();
  await fn.close();
});

it('says everything the environment lacks, and how a ladder is written', async () => {
  const refused = await open({ REMINDERS: 'email:tomorrow' }, log).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ConfigError);
  expect(String(refused)).toMatch(/DATABASE_URL_PATIENT_READER.*EMAIL_FROM.*REMINDERS is not a list of reminders/s);
});
