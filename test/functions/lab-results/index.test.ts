import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { readTopics } from '../../../infra/local/services/topics.ts';
import type { AnyEvent } from '../../../schemas/events/contract.ts';
import { openEventLog } from '../../../shared/events/open-event-log.ts';
import { addPatient } from '../../support/practices.ts';
import { until } from '../../support/until.ts';
import { bearer, openFunction, openRealWorld, type RealWorld } from '../real-functions.ts';
import { requestOf } from '../event-request.ts';
import { oru, recordOf } from './world.ts';

let world: RealWorld;
beforeAll(async () => {
  world = await openRealWorld();
});
afterAll(() => world.close());

it('takes a message into the log, applies it from there, and publishes what became of it in its trace', async () => {
  const eventLog = openEventLog(world.environment['EVENT_LOG_URL'] ?? '', { clientId: 'test' });
  await eventLog.ensureTopics(await readTopics({ brokers: 1 }));
  const { app, close, logged } = await openFunction(world, 'lab-results');
  const patientId = await addPatient(world.admin);
  const mrn = randomUUID();
  await world.admin.$client.query("INSERT INTO patient.identifiers VALUES ('CLINIC', $1, $2)", [mrn, patientId]);
  const first = async (topic: string) => (await Array.fromAsync(eventLog.read(topic))).at(0);

  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const headers = {
    authorization: await bearer(world, { role: 'system', subject: 'lis' }),
    'content-type': 'application/hl7-v2',
    traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
  };
  // One that is put aside has nothing to publish: what comes after it is published all the same.
  const aside = recordOf(oru({ mrn: 'nobody' }), { contentType: 'application/hl7-v2' });
  expect((await app.inject(aside)).statusCode).toBe(204);
  const answer = await app.inject({ method: 'POST', url: '/fr/lab-results', headers, payload: oru({ mrn }) });
  expect(answer.payload).toContain('MSA|AA|');

  const record = await first('lis-results');
  expect(record).toMatchObject({ headers: { ce_type: 'careflow.lab-message.received.v1' } });
  const attributes = Object.entries(record?.headers ?? {})
    .filter(([name]) => name.startsWith('ce_'))
    .map(([name, text]) => [name.slice(3), text]);
  const event: AnyEvent = { ...Object.fromEntries(attributes), data: JSON.parse(record?.value?.toString() ?? '') };
  expect((await app.inject(requestOf(event))).statusCode).toBe(204);
  const told = await until(async () => first('result-events'), { what: 'the event' });
  expect(told).toMatchObject({ key: patientId, headers: { ce_type: 'careflow.lab-result.released.v1' } });
  expect(told.headers['ce_traceparent']).toContain(traceId);
  expect((await app.inject('/health/ready')).statusCode).toBe(200);
  for (const said of [mrn, 'MOREAU', '4.2']) expect(logged().join()).not.toContain(said);

  await close();
  await eventLog.close();
});
