import { randomUUID } from 'node:crypto';

import type { FastifyInstance } from 'fastify';
import { expect } from 'vitest';

import type { AnyEvent } from '../../../schemas/events/contract.ts';
import type { Database } from '../../../shared/db/client.ts';
import { Accessory, addKit, addPerson } from './world.ts';

type Sampled = { readonly app: FastifyInstance; readonly admin: Database; readonly office: string };

/** By name, a value of every member that a request to homekit has, for a patient. */
export async function homekitSamples(admin: Database, patientId: string): Promise<Record<string, string>> {
  const [kit, granteeId] = [await addKit({ admin }), await addPerson({ admin })];
  const accessory = new Accessory();
  return {
    ...accessory.wish(patientId),
    granteeId,
    grantId: randomUUID(),
    kitCode: kit.code,
    code: kit.code,
    step: 'shipped',
    happenedAt: Temporal.Now.instant().subtract({ hours: 1 }).toString(),
    ...accessory.prove(granteeId, Buffer.alloc(32).toString('base64url')),
  };
}

/** Makes what the path of an operation names, out of the samples. @returns its id. */
export async function addHomekitResource(
  { app, admin, office }: Sampled,
  path: string,
  samples: Readonly<Record<string, string>>,
): Promise<string> {
  const { patientId, kitCode, code, step, happenedAt, granteeId } = samples;
  if (path.includes('/test-kits/')) return add('test-kits', { patientId, kitCode, consentVersion: '2030-03' });
  if (path.includes('/custody-scans/')) return add('custody-scans', { code, step, happenedAt });
  const { setupPayload, model, serialNumber, ltpk, pairingId } = samples;
  const id = await add('devices', { patientId, setupPayload, model, serialNumber, ltpk, pairingId });
  await seeToDevice(id);
  if (path.includes('{grantId}')) await grant(id);
  return id;

  /** Under the id that the samples give it. */
  async function grant(deviceId: string): Promise<void> {
    const granted = await add(`devices/${deviceId}/grants`, { granteeId });
    await admin.$client.query('UPDATE homekit.grants SET id = $1 WHERE id = $2', [samples['grantId'], granted]);
  }

  async function add(what: string, payload: object): Promise<string> {
    const url = `/fr/homekit/${what}`;
    const answer = await app.inject({ method: 'POST', url, headers: { authorization: office }, payload });
    expect(answer.statusCode).toBe(202);
    return answer.json<{ id: string }>().id;
  }

  async function seeToDevice(deviceId: string): Promise<void> {
    const { rows } = await admin.$client.query<{ event: AnyEvent }>(
      "SELECT event FROM homekit.outbox WHERE partition_key = $1 AND topic = 'homekit-registrations'",
      [deviceId],
    );
    const headers = { 'content-type': 'application/cloudevents+json' };
    for (const { event } of rows) {
      const answer = await app.inject({ method: 'POST', url: '/events', headers, payload: JSON.stringify(event) });
      expect(answer.statusCode).toBe(204);
    }
  }
}
