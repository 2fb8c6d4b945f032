import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';

import { until } from '../support/until.ts';
import { startTestPlatform, type TestPlatform } from './platform.ts';

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startTestPlatform();
}, 180_000);
afterAll(() => platform.stop(), 60_000);

const Requested = z.object({ id: z.string(), status: z.string() });
const Bookings = z.object({ items: z.array(z.object({ id: z.string(), status: z.string() })) });

const Mailbox = z.object({ items: z.array(z.object({ subject: z.string().nullish() })) });

/** Who has been told by e-mail that a visit will not take place. */
async function toldOfCancellation(): Promise<number> {
  const answer = await fetch(`${platform.running.platform.mailbox}/mailbox`);
  const { items } = Mailbox.parse(await answer.json());
  return items.filter(({ subject }) => /^(Rendez-vous annulé|Appointment cancelled)/.test(subject ?? '')).length;
}

it('exports and erases a patient with a visit ahead, from the gateway through the event log to the last store', async () => {
  const { patientId, practitionerId, visitTypeId } = platform.sample;
  const { token, call } = platform;
  const [patient, admin] = await Promise.all([token('patient', patientId), token('admin', 'admin')]);
  const days = await (
    await call(`/fr/practitioners/${practitionerId}/availability?visitTypeId=${visitTypeId}`, patient)
  ).json();
  const { nextAvailable: slotStart } = z.object({ nextAvailable: z.string() }).parse(days);
  const booked = await call('/fr/bookings', patient, { patientId, practitionerId, visitTypeId, slotStart });
  expect(booked.status).toBe(201);

  const asked = Requested.parse(await (await call(`/fr/patients/${patientId}/export`, patient, {})).json());
  const archive = await until(
    async () => {
      const answer = await call(`/fr/exports/${asked.id}/archive`, patient);
      return answer.status === 200 && answer.text();
    },
    { what: 'the archive', timeoutMs: 60_000 },
  );
  expect(JSON.parse(String(archive))).toMatchObject({
    contexts: { booking: { bookings: [{ patient_id: patientId }] } },
  });

  const { id } = Requested.parse(await (await call(`/fr/patients/${patientId}/erase`, patient, {})).json());
  const isDone = async () => {
    const { status } = Requested.parse(await (await call(`/fr/erasures/${id}`, admin)).json());
    return status === 'completed';
  };
  await until(isDone, { what: 'the erasure', timeoutMs: 180_000 });
  const list = await call(`/fr/bookings?practitionerId=${practitionerId}&from=${slotStart}&status=cancelled`, admin);
  expect(Bookings.parse(await list.json()).items).toHaveLength(1);
  expect((await call(`/fr/patients/${patientId}/export`, admin, {})).status).toBe(404);
  // The cron publishes what the erasure told, within a minute: the practitioner is told, and nobody else.
  await until(toldOfCancellation, { what: 'the practitioner to be told', timeoutMs: 120_000 });
  expect(await toldOfCancellation()).toBe(1);
}, 420_000);
