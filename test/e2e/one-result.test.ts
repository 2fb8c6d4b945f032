import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';

import { acknowledgeCriticalResult, listCriticalResults, listPatientResults } from '../../schemas/api/lab-results.ts';
import { until } from '../support/until.ts';
import { startTestPlatform, type TestPlatform } from './platform.ts';

const Samples = z.object({
  fr: z.object({
    patients: z.array(
      z.object({
        id: z.string(),
        birthDate: z.string(),
        sex: z.string(),
        identifier: z.object({ authority: z.string(), value: z.string() }),
      }),
    ),
  }),
});
const Mailbox = z.object({ items: z.array(z.object({ channel: z.string(), to: z.string(), text: z.string() })) });

/** What a clinician may have to wait for an alert (CLSI GP47 allows more; this is what is promised). */
const ALERTED_WITHIN_MS = 60_000;

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startTestPlatform();
}, 240_000);
afterAll(() => platform.stop());

/** A potassium that is critical, of the first sample patient, ordered by the first sample practitioner. */
async function criticalPotassium(): Promise<string> {
  const { fr } = Samples.parse(await (await fetch(`${platform.running.platform.gateway}/samples`)).json());
  const [patient] = fr.patients;
  const { authority, value } = patient?.identifier ?? { authority: '', value: '' };
  const sex = patient?.sex === 'female' ? 'F' : 'M';
  const at = `${new Date().toISOString().replaceAll(/[-:T]|\..*/g, '')}+0000`;
  return [
    `MSH|^~\\&|LIS|LAB|CAREFLOW|CAREFLOW|${at}||ORU^R01^ORU_R01|E2E-1|P|2.5.1`,
    `PID|1||${value}^^^${authority}^MR||||${patient?.birthDate.replaceAll('-', '')}|${sex}`,
    `OBR|1||E2E-ORDER|24326-1^Electrolytes^LN|||${at}|||||||||${platform.sample.practitionerId}||||||${at}||CH|F`,
    'OBX|1|NM|2823-3^Potassium^LN||6.9|mmol/L|3.5-5.1|HH|||F',
  ].join('\r');
}

async function mailbox(): Promise<z.infer<typeof Mailbox>['items']> {
  return Mailbox.parse(await (await fetch(`${platform.running.platform.mailbox}/mailbox`)).json()).items;
}

async function get(path: string, token: string): Promise<unknown> {
  const response = await platform.call(path, token);
  expect(response.status).toBe(200);
  return response.json();
}

it('alerts the clinician to a critical result, and shows it to its patient when that was acknowledged', async () => {
  const { gateway } = platform.running.platform;
  const { patientId, practitionerId } = platform.sample;
  const [laboratory, clinician, patient] = await Promise.all([
    platform.token('system', 'laboratory'),
    platform.token('practitioner', practitionerId),
    platform.token('patient', patientId),
  ]);
  const sent = await fetch(`${gateway}/fr/lab-results`, {
    method: 'POST',
    headers: { authorization: `Bearer ${laboratory}`, 'content-type': 'application/hl7-v2' },
    body: await criticalPotassium(),
  });
  expect(await sent.text()).toMatch(/\rMSA\|AA\|E2E-1\r/);

  const alerts = await until(
    async () => {
      const messages = await mailbox();
      return messages.length >= 2 ? messages : undefined;
    },
    { what: 'an e-mail and an SMS to the clinician', timeoutMs: ALERTED_WITHIN_MS },
  );
  expect(alerts.map(({ channel }) => channel).toSorted()).toEqual(['email', 'sms']);
  expect(JSON.stringify(alerts)).not.toMatch(/6[.,]9|potassium|kalium/i);

  const resultsPath = `/fr/patients/${patientId}/results`;
  const results = async (token: string) => listPatientResults.output.parse(await get(resultsPath, token)).items;
  expect(await results(patient)).toEqual([]);
  expect(await results(clinician)).toMatchObject([{ heldBecause: ['critical'], releasedAt: null }]);

  const critical = await get('/fr/critical-results', clinician);
  const [alert] = listCriticalResults.output.parse(critical).items;
  const answer = await platform.call(`/fr/critical-results/${alert?.id}/acknowledge`, clinician, {});
  expect(answer.status).toBe(200);
  expect(acknowledgeCriticalResult.output.parse(await answer.json()).acknowledgedAt).not.toBeNull();

  const shown = await until(
    async () => {
      const items = await results(patient);
      return items.length > 0 ? items : undefined;
    },
    { what: 'the result to be shown to its patient', timeoutMs: 120_000 },
  );
  expect(shown).toMatchObject([{ status: 'final', observations: [{ loinc: '2823-3', isCritical: true }] }]);
}, 300_000);
