import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { readTopics } from '../../infra/local/services/topics.ts';
import type { AnyEvent } from '../../schemas/events/contract.ts';
import { subjectData } from '../../shared/db/subject-data/contexts.ts';
import { eraseSubject } from '../../shared/db/subject-data/subject-table.ts';
import { openEventLog } from '../../shared/events/open-event-log.ts';
import { addPatient, addProxy } from '../support/practices.ts';
import { requestOf } from './event-request.ts';
import { addKit, type Kit } from './homekit/world.ts';
import { bearer, type OpenedFunction, openFunction, openRealWorld, type RealWorld } from './real-functions.ts';

let world: RealWorld;
let homekit: OpenedFunction;
let customer: OpenedFunction;
let patientId: string;
let delivered = '0';
beforeAll(async () => {
  world = await openRealWorld();
  const eventLog = openEventLog(world.environment['EVENT_LOG_URL'] ?? '', { clientId: 'test' });
  await eventLog.ensureTopics(await readTopics({ brokers: 1 }));
  await eventLog.close();
  [homekit, customer] = [await openFunction(world, 'homekit'), await openFunction(world, 'customer')];
});
afterAll(async () => {
  await Promise.all([homekit.close(), customer.close()]);
  await world.close();
});
beforeEach(async () => {
  patientId = await addPatient(world.admin);
});

type Asked = { readonly as?: string; readonly body?: object };

async function ask(fn: OpenedFunction, method: 'GET' | 'POST' | 'DELETE', url: string, { as, body }: Asked = {}) {
  const role = as === 'office' ? 'staff' : 'patient';
  const authorization = await bearer(world, { role, subject: as ?? patientId });
  return fn.app.inject({ method, url: `/fr/${url}`, headers: { authorization }, ...(body && { payload: body }) });
}

type Told = { readonly seq: string; readonly topic: string; readonly event: AnyEvent };

/** Delivers what homekit told: requests to itself, news to the customer function. */
async function deliverTold(): Promise<void> {
  const { rows } = await world.admin.$client.query<Told>(
    'SELECT seq, topic, event FROM homekit.outbox WHERE seq > $1 ORDER BY seq',
    [delivered],
  );
  for (const { seq, topic, event } of rows) {
    const { app } = topic === 'homekit-events' ? customer : homekit;
    expect((await app.inject(requestOf(event))).statusCode).toBe(204);
    delivered = seq;
  }
  if (rows.length > 0) await deliverTold();
}

async function register(kit: Kit, as = patientId): Promise<string> {
  const body = { patientId, kitCode: kit.code, consentVersion: '2030-03' };
  return (await ask(homekit, 'POST', 'homekit/test-kits', { as, body })).json<{ id: string }>().id;
}

async function scan({ code }: Kit, step: string): Promise<void> {
  const body = { code, step, happenedAt: Temporal.Now.instant().toString() };
  expect((await ask(homekit, 'POST', 'homekit/custody-scans', { as: 'office', body })).statusCode).toBe(202);
  await deliverTold();
}

async function shown(registrationId: string): Promise<object> {
  return (await ask(homekit, 'GET', `homekit/test-kits/${registrationId}`)).json();
}

async function consents(as = patientId): Promise<{ decision: string; consentVersion?: string; decidedAt: string }[]> {
  return (await ask(customer, 'GET', `me/consents?patientId=${patientId}`, { as })).json<{ items: [] }>().items;
}

async function withdraw(as = patientId): Promise<number> {
  const of = as === patientId ? '' : `?patientId=${patientId}`;
  return (await ask(customer, 'DELETE', `me/consents/test-kit${of}`, { as })).statusCode;
}

/** What the customer function told of the patient by events of the type. */
async function told(type: string): Promise<unknown[]> {
  const { rows } = await world.admin.$client.query<{ data: unknown }>(
    `SELECT event -> 'data' AS data FROM patient.outbox WHERE partition_key = $1 AND event ->> 'type' = $2 ORDER BY seq`,
    [patientId, type],
  );
  return rows.map(({ data }) => data);
}

async function ledger(): Promise<(string | null)[][]> {
  const { rows } = await world.admin.$client.query<{ decision: string; consent_version: string | null }>(
    'SELECT decision, consent_version FROM patient.consents WHERE patient_id = $1 ORDER BY version',
    [patientId],
  );
  return rows.map((row) => [row.decision, row.consent_version]);
}

describe('the consent that is given with a test kit', () => {
  it('is in the ledger as of when the kit was asked for, once', async () => {
    const kit = await addKit(world);
    const id = await register(kit);
    await deliverTold();
    expect(await shown(id)).toMatchObject({ status: 'registered', custody: [{ step: 'registered' }] });
    expect(await consents()).toEqual([
      { purpose: 'test-kit', decision: 'given', consentVersion: '2030-03', version: 1, decidedAt: expect.any(String) },
    ]);
    await register(await addKit(world));
    await deliverTold();
    expect(await ledger()).toEqual([['given', '2030-03']]);
    expect(await told('careflow.consent.given.v1')).toMatchObject([{ testKitId: kit.id }]);
  });

  it('is withdrawn by its giver, and the sample that comes then is not analysed', async () => {
    const kit = await addKit(world);
    const id = await register(kit);
    await deliverTold();
    await scan(kit, 'collected');
    expect(await withdraw()).toBe(204);
    await scan(kit, 'accessioned');
    expect(await shown(id)).toMatchObject({
      status: 'rejected',
      rejection: { reason: 'consent-outdated' },
      replacement: null,
    });
    expect(await ledger()).toEqual([
      ['given', '2030-03'],
      ['withdrawn', '2030-03'],
    ]);
  });

  it('lets a sample be analysed as long as it holds', async () => {
    const kit = await addKit(world);
    const id = await register(kit);
    await deliverTold();
    await scan(kit, 'collected');
    await scan(kit, 'accessioned');
    expect(await shown(id)).toMatchObject({ status: 'accessioned', rejection: null });
  });

  it('holds again with the next kit, whatever was withdrawn before', async () => {
    await register(await addKit(world));
    await deliverTold();
    await withdraw();
    const kit = await addKit(world);
    const id = await register(kit);
    await deliverTold();
    expect(await consents()).toMatchObject([{ decision: 'given' }]);
    await scan(kit, 'collected');
    await scan(kit, 'accessioned');
    expect(await shown(id)).toMatchObject({ status: 'accessioned' });
  });

  it('that is withdrawn before anybody has heard of it is withdrawn, and the kit is not registered', async () => {
    const id = await register(await addKit(world));
    expect(await withdraw()).toBe(204);
    expect(await consents()).toEqual([
      { purpose: 'test-kit', decision: 'withdrawn', version: 1, decidedAt: expect.any(String) },
    ]);
    await deliverTold();
    expect(await shown(id)).toMatchObject({ status: 'rejected', rejection: { reason: 'consent-outdated' } });
  });

  it('that is withdrawn again before anybody has heard of it is withdrawn, whatever was before', async () => {
    await withdraw();
    const id = await register(await addKit(world));
    expect(await withdraw()).toBe(204);
    await deliverTold();
    expect(await shown(id)).toMatchObject({ status: 'rejected', rejection: { reason: 'consent-outdated' } });
    expect(await consents()).toMatchObject([{ decision: 'withdrawn' }]);
  });

  it('that is heard of after its withdrawal is written down, and stays withdrawn', async () => {
    const kit = await addKit(world);
    const id = await register(kit);
    const { rows } = await world.admin.$client.query<Told>(
      'SELECT event FROM homekit.outbox ORDER BY seq DESC LIMIT 1',
    );
    for (const { event } of rows) expect((await homekit.app.inject(requestOf(event))).statusCode).toBe(204);
    expect(await shown(id)).toMatchObject({ status: 'registered' });
    expect(await withdraw()).toBe(204);
    await deliverTold();
    expect(await ledger()).toEqual([
      ['withdrawn', null],
      ['given', '2030-03'],
      ['withdrawn', null],
    ]);
    await scan(kit, 'accessioned');
    expect(await shown(id)).toMatchObject({ rejection: { reason: 'consent-outdated' } });
  });

  it('is withdrawn by whoever acts for the patient, and by nobody else', async () => {
    const [guardian, stranger] = [await addPatient(world.admin), await addPatient(world.admin)];
    await addProxy(world.admin, patientId, guardian);
    await register(await addKit(world), guardian);
    await deliverTold();
    expect([await withdraw(stranger), await withdraw(randomUUID())]).toEqual([403, 403]);
    expect(await consents(guardian)).toMatchObject([{ decision: 'given' }]);
    expect(await withdraw(guardian)).toBe(204);
    expect(await consents()).toMatchObject([{ decision: 'withdrawn' }]);
  });

  it('is named in what law keeps of somebody who was erased', async () => {
    await register(await addKit(world));
    await deliverTold();
    const kept: unknown[] = [];
    await eraseSubject(world.admin, subjectData.patient, patientId, async (retained) => void kept.push(...retained));
    expect(kept).toMatchObject([
      { kind: 'consent', rows: [{ purpose: 'test-kit', consent_version: '2030-03', decision: 'given' }] },
    ]);
  });
});
