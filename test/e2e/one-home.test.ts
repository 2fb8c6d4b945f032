import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';

import { openPairings } from '../../infra/hub/pairings.ts';
import { registerAccessory } from '../../infra/hub/register.ts';
import { keepAccessoriesIn, type RealAccessory, startAccessory } from '../infra/hub/accessory.ts';
import { until } from '../support/until.ts';
import { startTestPlatform, type TestPlatform } from './platform.ts';

let platform: TestPlatform;
let accessory: RealAccessory;
let token: string;
beforeAll(async () => {
  platform = await startTestPlatform('postgres');
  keepAccessoriesIn(join(platform.home, 'accessories'));
  accessory = await startAccessory();
  token = await platform.token('patient', platform.sample.patientId);
}, 240_000);
afterAll(async () => {
  await accessory.close();
  await platform.stop();
});

async function read(path: string): Promise<Record<string, unknown>> {
  return z.record(z.string(), z.unknown()).parse(await (await platform.call(path, token)).json());
}

it('registers an accessory of a home by the hub, through the gateway and back', async () => {
  const { patientId } = platform.sample;
  const device = await registerAccessory({
    place: accessory.place,
    setupPayload: accessory.setupPayload,
    account: { gateway: platform.running.platform.gateway, country: 'fr', patientId, token },
    pairings: openPairings(join(platform.home, 'hub')),
    onProgress: () => undefined,
  });
  expect(device).toMatchObject({ status: 'registered', patientId, serialNumber: accessory.serialNumber });
});

it('registers a sample test kit, once for one person', async () => {
  const { gateway } = platform.running.platform;
  const samples = z.object({
    fr: z.object({
      testKits: z.array(z.object({ code: z.string() })),
      patients: z.array(z.object({ id: z.string() })),
    }),
  });
  const { fr } = samples.parse(await (await fetch(`${gateway}/samples`)).json());
  const wish = { kitCode: fr.testKits[0]?.code, consentVersion: '2026-03' };
  const asked = await platform.call('/fr/homekit/test-kits', token, { ...wish, patientId: platform.sample.patientId });
  expect(asked.status).toBe(202);
  const { id } = z.object({ id: z.string() }).parse(await asked.json());
  const kit = await until(
    async () => {
      const shown = await read(`/fr/homekit/test-kits/${id}`);
      return shown['status'] === 'received' ? undefined : shown;
    },
    { what: 'the registration' },
  );
  expect(kit).toMatchObject({ status: 'registered', rejection: null });
  const other = fr.patients[1]?.id ?? '';
  const second = await platform.call('/fr/homekit/test-kits', await platform.token('patient', other), {
    ...wish,
    patientId: other,
  });
  expect(second.status).toBe(409);
});
