import { afterAll, beforeAll, expect, it } from 'vitest';

import { open } from '../../../functions/availability/index.ts';
import { openEventLog } from '../../../shared/events/open-event-log.ts';
import { createLog } from '../../../shared/runtime/log.ts';
import { buildServer } from '../../../shared/runtime/server.ts';
import { until } from '../../support/until.ts';
import { requestOf } from '../event-request.ts';
import { bookingOf, openWorld, TRACE, type World } from './world.ts';

const log = createLog({ name: 'availability', level: 'fatal' });

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

it('publishes what changed in the trace of what changed it, and is ready', async () => {
  const eventLog = openEventLog(world.urls.eventLog, { clientId: 'test', log });
  await eventLog.ensureTopics([{ name: 'availability-events', partitions: 1 }]);
  const fn = await open(
    {
      DATABASE_URL_PRACTITIONER: world.urls.practitioner,
      DATABASE_URL_PATIENT_READER: world.urls.patients,
      REDIS_URL: world.urls.redis,
      EVENT_LOG_URL: world.urls.eventLog,
      OIDC_ISSUER: 'http://issuer.test',
      OIDC_JWKS_URL: 'http://issuer.test/jwks',
    },
    log,
  );
  const app = buildServer(fn, { log });
  const { id } = await world.addPractitioner();
  const tomorrow = Temporal.Now.zonedDateTimeISO('Europe/Paris').add({ days: 1 }).with({ hour: 10 }).round('hour');

  const answer = await app.inject(requestOf(bookingOf(id, tomorrow.toInstant().toString()).created()));
  expect(answer.statusCode).toBe(204);
  const published = async () => (await Array.fromAsync(eventLog.read('availability-events'))).at(0);
  const record = await until(published, { what: 'the event' });
  expect(record).toMatchObject({ key: id, headers: { ce_type: 'careflow.availability.changed.v1' } });
  expect(record.headers['ce_traceparent']).toContain(TRACE.split('-')[1]);
  expect((await app.inject('/health/ready')).statusCode).toBe(200);

  await app.close();
  await fn.close();
  await eventLog.close();
});
