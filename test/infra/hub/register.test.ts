import { randomBytes, randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { pair, pairingId, readInformation, unpair } from '../../../infra/hub/accessory.ts';
import { type Account, readUntil, submitDevice, submitProof } from '../../../infra/hub/cloud.ts';
import { endPairing } from '../../../infra/hub/end-pairing.ts';
import { askForSignature } from '../../../infra/hub/pair-verify.ts';
import { openPairings, type Pairings } from '../../../infra/hub/pairings.ts';
import { registerAccessory } from '../../../infra/hub/register.ts';
import { keysOfNonce } from '../../../shared/identity/device-proof.ts';
import { bearer } from '../../functions/real-functions.ts';
import { addPatient } from '../../support/practices.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';
import { keepAccessoriesIn, type RealAccessory, startAccessory } from './accessory.ts';
import { type Home, openHome } from './home.ts';

let home: Home;
let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  keepAccessoriesIn(join(folder, 'accessories'));
  home = await openHome();
});
afterAll(() => home.close());

let accessory: RealAccessory;
let pairings: Pairings;
let account: Account;
beforeEach(async () => {
  accessory = await startAccessory();
  pairings = openPairings(join(folder, randomUUID()));
  account = await newAccount();
});
afterEach(() => accessory.close());

async function newAccount(): Promise<Account> {
  const patientId = await addPatient(home.world.admin);
  return { gateway: home.gateway, country: 'fr', patientId, token: await tokenOf(patientId) };
}

async function tokenOf(patientId: string): Promise<string> {
  const header = await bearer(home.world, { role: 'patient', subject: patientId });
  return header.slice('Bearer '.length);
}

function register(of: { account?: Account; setupPayload?: string } = {}) {
  const { place, setupPayload } = accessory;
  return registerAccessory({ place, setupPayload, account, pairings, onProgress: () => undefined, ...of });
}

async function call(method: string, path: string, { token } = account, body?: object): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
  const url = `${home.gateway}/fr/homekit/devices/${path}`;
  return fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) });
}

describe('an accessory of this home', () => {
  it('is paired, proves that it holds its key, and is its owner’s', async () => {
    const device = await register();
    expect(device).toMatchObject({
      status: 'registered',
      patientId: account.patientId,
      model: 'Thermometer 1',
      serialNumber: accessory.serialNumber,
      category: 1,
      proof: { failures: 0 },
    });
    await until(async () => (await home.told(device.id)).length > 0, { what: 'the event' });
    expect(await home.told(device.id)).toEqual(['careflow.homekit-device.registered.v1']);
  });

  it('is registered again by the same pairing, as the same device', async () => {
    const [first, second] = [await register(), await register()];
    expect([second.id, second.status]).toEqual([first.id, 'registered']);
  });

  it('is registered after a proof that came too late, as the same device', async () => {
    const pairing = await pair(accessory.place, '518-08-582');
    await pairings.keep(accessory.place, pairing);
    const { setupPayload, serialNumber } = accessory;
    const identity = { ltpk: pairing.AccessoryLTPK, pairingId: pairingId(pairing) };
    const id = await submitDevice(account, { setupPayload, model: 'Thermometer 1', serialNumber, ...identity });
    const { challenge } = await readUntil(account, id, (device) => device.challenge !== null);
    const nonce = challenge?.nonce ?? '';
    await home.world.admin.$client.query('UPDATE homekit.challenges SET expires_at = now() WHERE device_id = $1', [id]);
    const { accessoryKey, signature } = await askForSignature(accessory.place, keysOfNonce(nonce, id));
    await submitProof(account, id, { nonce, accessoryKey, signature });
    const late = await readUntil(account, id, ({ status }) => status === 'rejected');
    expect(late).toMatchObject({ rejection: { reason: 'proof-expired' } });
    expect(await register()).toMatchObject({ id, status: 'registered' });
  });

  it('leaves its setup code in no table and no event', async () => {
    const { id } = await register();
    await until(async () => (await home.told(id)).length > 0, { what: 'the event' });
    const { rows } = await home.world.admin.$client.query<{ dump: string }>(
      `SELECT coalesce(string_agg(t::text, ' '), '') AS dump FROM (
        SELECT d::text AS t FROM homekit.devices d UNION ALL SELECT p::text FROM homekit.proofs p
        UNION ALL SELECT o.event::text FROM homekit.outbox o
      ) AS everything`,
    );
    expect(rows[0]?.dump).toContain(accessory.serialNumber);
    expect(rows[0]?.dump).not.toMatch(/518-?08-?582|X-HM/);
  });

  it('keeps the keys of its pairing in a file that only its owner reads', async () => {
    await register();
    const [pairing] = await pairings.list();
    if (!pairing) throw new Error('no pairing was kept');
    const kept = openPairings(join(folder, 'kept'));
    await kept.keep(accessory.place, pairing);
    const file = join(folder, 'kept', `${encodeURIComponent(accessory.username)}.json`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await kept.list()).toEqual([{ ...pairing, ...accessory.place }]);
  });

  it('forgets a pairing that has ended', async () => {
    await register();
    const [pairing] = await pairings.list();
    if (!pairing) throw new Error('no pairing was kept');
    expect(await unpair(accessory.place, pairing)).toBe(true);
    expect(await readInformation(accessory.place, pairing)).toBeUndefined();
    expect(await unpair(accessory.place, pairing)).toBe(false);
  });

  it('is known by its pairing wherever it listens', async () => {
    const { id } = await register();
    const { place: former } = accessory;
    await accessory.close();
    accessory = await startAccessory(accessory);
    expect(accessory.place.port).not.toBe(former.port);
    expect(await register()).toMatchObject({ id, status: 'registered' });
    expect(await pairings.list()).toMatchObject([accessory.place]);
    expect(await endPairing(accessory.place, pairings)).toBe(true);
    expect(await pairings.list()).toEqual([]);
  });

  it('is paired anew after a factory reset, and takes the place of what it was', async () => {
    const { id } = await register();
    const [former] = await pairings.list();
    await accessory.reset();
    accessory = await startAccessory(accessory, accessory.place.port);
    const device = await register();
    expect(device).toMatchObject({ status: 'registered', serialNumber: accessory.serialNumber });
    expect(device.id).not.toBe(id);
    expect(await readUntil(account, id, () => true)).toMatchObject({ revokedBecause: 'factory-reset' });
    const [next, ...others] = await pairings.list();
    expect([next?.AccessoryLTPK === former?.AccessoryLTPK, others]).toEqual([false, []]);
  });

  it('that knows its pairing no more is forgotten here too, and so is one that has become another', async () => {
    await register();
    await accessory.reset();
    accessory = await startAccessory(accessory);
    expect(await endPairing(accessory.place, pairings)).toBe(false);
    await expect(endPairing(accessory.place, pairings)).rejects.toThrow('Nothing is paired there');
    await register();
    const [kept] = await pairings.list();
    if (!kept) throw new Error('no pairing was kept');
    const other = await startAccessory();
    await pairings.keep(other.place, kept);
    expect(await endPairing(other.place, pairings)).toBe(false);
    await other.close();
  });
});

describe('who may use it', () => {
  it('is granted by its owner and withdrawn again, and then nobody', async () => {
    const { id } = await register();
    const guest = await newAccount();
    expect((await call('GET', id, guest)).status).toBe(404);
    const granted = await call('POST', `${id}/grants`, account, { granteeId: guest.patientId });
    expect(granted.status).toBe(202);
    const { id: grantId } = (await granted.json()) as { id: string };
    await until(async () => (await call('GET', id, guest)).status === 200, { what: 'the grant' });
    expect((await call('DELETE', `${id}/grants/${grantId}`)).status).toBe(204);
    expect((await call('GET', id, guest)).status).toBe(404);
    expect((await call('DELETE', id)).status).toBe(204);
    expect(await readUntil(account, id, ({ status }) => status === 'revoked')).toMatchObject({
      revokedBecause: 'withdrawn',
    });
    await until(async () => (await home.told(id)).length === 4, { what: 'the events' });
    expect(await home.told(id)).toEqual([
      'careflow.homekit-device.registered.v1',
      'careflow.homekit-device.authorized.v1',
      'careflow.homekit-device.revoked.v1',
      'careflow.homekit-device.revoked.v1',
    ]);
  });
});

describe('what is no proof', () => {
  it('is the signature of another accessory, however often', async () => {
    const other = await startAccessory();
    const pairing = await pair(accessory.place, '518-08-582');
    const { setupPayload, serialNumber } = accessory;
    const identity = { ltpk: pairing.AccessoryLTPK, pairingId: pairingId(pairing) };
    const id = await submitDevice(account, { setupPayload, model: 'Thermometer 1', serialNumber, ...identity });
    for (let failures = 1; failures <= 5; failures += 1) {
      const { challenge, version } = await readUntil(account, id, (device) => device.challenge !== null);
      const nonce = challenge?.nonce ?? '';
      const { accessoryKey, signature } = await askForSignature(other.place, keysOfNonce(nonce, id));
      await submitProof(account, id, { nonce, accessoryKey, signature });
      const after = await readUntil(account, id, (device) => device.version > version);
      expect(after.proof).toMatchObject({ failures, lastRefusal: 'wrong-signature' });
    }
    expect(await readUntil(account, id, () => true)).toMatchObject({
      status: 'rejected',
      rejection: { reason: 'proof-failed' },
      challenge: null,
    });
    const sixth = await call('POST', `${id}/proof`, account, {
      nonce: randomBytes(32).toString('base64url'),
      accessoryKey: '00'.repeat(32),
      signature: '00'.repeat(64),
    });
    expect(sixth.status).toBe(429);
    expect(Number(sixth.headers.get('retry-after'))).toBeGreaterThan(800);
    await pairings.keep(accessory.place, pairing);
    await expect(register()).rejects.toThrow('Too many proofs have failed');
    await other.close();
  });

  it('is a wrong setup code: the accessory does not pair, and nothing is asked of anybody', async () => {
    const wrong = 'X-HM://0052VG2TJ7OSX';
    await expect(register({ setupPayload: wrong })).rejects.toThrow('does not take this setup code');
    expect(await pairings.list()).toEqual([]);
  });

  it('is a setup payload that cannot be', async () => {
    await expect(register({ setupPayload: 'X-HM://0000000007OSX' })).rejects.toThrow('guessable-code');
  });

  it('takes an accessory from nobody who has it', async () => {
    await register();
    const second = await newAccount();
    expect(await register({ account: second })).toMatchObject({
      status: 'rejected',
      rejection: { reason: 'owned-by-another' },
    });
  });
});
