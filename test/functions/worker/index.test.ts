import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

import { readTopics } from '../../../infra/local/services/topics.ts';
import type { EventLog, StoredRecord } from '../../../shared/events/event-log.ts';
import { openEventLog } from '../../../shared/events/open-event-log.ts';
import { addPatient } from '../../support/practices.ts';
import { until } from '../../support/until.ts';
import { bearer, openFunction, openRealWorld, type OpenedFunction, type RealWorld } from '../real-functions.ts';

let world: RealWorld;
let worker: OpenedFunction;
let eventLog: EventLog;
beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local').stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  world = await openRealWorld();
  eventLog = openEventLog(world.environment['EVENT_LOG_URL'] ?? '', { clientId: 'test' });
  await eventLog.ensureTopics(await readTopics({ brokers: 1 }));
  worker = await openFunction(world, 'worker');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await worker.close();
  await eventLog.close();
  await world.close();
});

async function listRecords(): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  for await (const record of eventLog.read('jobs')) records.push(record);
  return records;
}

/** Waits until the topic holds so many jobs, and delivers the last of them as a KafkaSource does. */
async function doJob(count: number): Promise<number> {
  await until(async () => (await listRecords()).length >= count, { what: 'a job' });
  const records = await listRecords();
  const [last] = records.toSorted((one, other) => Temporal.Instant.compare(other.timestamp, one.timestamp));
  const headers = Object.entries(last?.headers ?? {}).map(([name, value]) => [name.replace('ce_', 'ce-'), value]);
  const sent = { method: 'POST', url: '/events', payload: last?.value ?? Buffer.of() } as const;
  return (await worker.app.inject({ ...sent, headers: Object.fromEntries(headers) })).statusCode;
}

async function mails(): Promise<string> {
  const answer = await fetch(`${world.environment['AWS_ENDPOINT_URL']}/mailbox`);
  return answer.text();
}

it('takes a request, publishes its job, does it, writes to the patient, and erases them, through every real part', async () => {
  const patientId = await addPatient(world.admin);
  const address = `${patientId}@example.com`;
  const authorization = await bearer(world, { role: 'patient', subject: patientId });
  const office = await bearer(world, { role: 'admin', subject: 'office' });
  const ask = (method: 'GET' | 'POST', url: string, as = authorization) =>
    worker.app.inject({ method, url, headers: { authorization: as } });

  const asked = await ask('POST', `/fr/patients/${patientId}/export`);
  expect([asked.statusCode, await doJob(1)]).toEqual([202, 204]);
  const archive = await ask('GET', `/fr/exports/${asked.json<{ id: string }>().id}/archive`);
  expect([archive.statusCode, archive.payload.includes(address)]).toEqual([200, true]);
  expect(await doJob(2)).toBe(204);
  expect(await mails()).toContain(address);

  const erased = await ask('POST', `/fr/patients/${patientId}/erase`);
  expect([erased.statusCode, await doJob(3)]).toEqual([202, 503]);
  const longAgo = sql`UPDATE patient.accounts SET changed_at = changed_at - interval '70 seconds'`;
  await world.admin.execute(longAgo);
  expect(await doJob(3)).toBe(204);
  const erasure = `/fr/erasures/${erased.json<{ id: string }>().id}`;
  const isSignedOut = async () => (await ask('GET', erasure)).statusCode === 401;
  await until(isSignedOut, { what: 'the patient to be signed out', timeoutMs: 1_000 });
  expect((await ask('GET', erasure, office)).json()).toMatchObject({ status: 'completed' });
  expect((await ask('POST', `/fr/patients/${patientId}/export`, office)).statusCode).toBe(404);
  const inTopic = (await listRecords()).map(({ value, headers }) => `${JSON.stringify(headers)}${String(value)}`);
  for (const secret of [address, 'Moreau']) {
    expect([...inTopic, ...worker.logged()].filter((line) => line.includes(secret))).toEqual([]);
  }
});
