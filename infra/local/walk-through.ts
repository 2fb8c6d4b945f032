import { z } from 'zod';

import type { Platform } from './platform-file.ts';

const Samples = z.object({
  fr: z.object({
    practitioners: z.tuple(
      [z.object({ id: z.string(), visitTypes: z.tuple([z.object({ id: z.string() })], z.unknown()) })],
      z.unknown(),
    ),
    patients: z.tuple([z.object({ id: z.string() })], z.unknown()),
    testKits: z.tuple([z.object({ code: z.string() })], z.unknown()),
  }),
});

/** What to try next: lines to paste into another terminal, with the sample data's own ids. */
export async function walkThrough({ gateway }: Platform): Promise<string> {
  const { fr } = Samples.parse(await (await fetch(`${gateway}/samples`)).json());
  const [practitioner] = fr.practitioners;
  const [patient] = fr.patients;
  const [visitType] = practitioner.visitTypes;
  const [kit] = fr.testKits;
  return `
Careflow is ready at ${gateway}. In another terminal, in this folder, paste:

  # A token for a patient
  TOKEN=$(npm run --silent token -- --role patient --subject ${patient.id} --country fr)

  # The free slots of a practitioner for a week
  curl -s -H "Authorization: Bearer $TOKEN" "${gateway}/fr/practitioners/${practitioner.id}/availability?days=7"

  # Book the next one
  SLOT=$(curl -s -H "Authorization: Bearer $TOKEN" "${gateway}/fr/practitioners/${practitioner.id}/availability?visitTypeId=${visitType.id}" | sed 's/.*"nextAvailable":"\\([^"]*\\)".*/\\1/')
  curl -s -X POST "${gateway}/fr/bookings" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -H "Idempotency-Key: walk-through-$SLOT" \\
    -d '{"practitionerId":"${practitioner.id}","patientId":"${patient.id}","visitTypeId":"${visitType.id}","slotStart":"'$SLOT'","sameSpecialty":"keep"}'

  # It is gone from the free slots, and two e-mails and two SMS were sent
  curl -s -H "Authorization: Bearer $TOKEN" "${gateway}/fr/practitioners/${practitioner.id}/availability?days=7"
  curl -s ${gateway}/mailbox

  # The patient's account; a test kit is ordered for them, and they are told
  curl -s -H "Authorization: Bearer $TOKEN" ${gateway}/fr/me
  curl -s -X POST ${gateway}/fr/orders -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    -d '{"patientId":"${patient.id}","kind":"test-kit","item":"kit-ferritin"}'

  # Register a home test kit, and see what became of it
  KIT=$(curl -s -X POST ${gateway}/fr/homekit/test-kits -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    -d '{"patientId":"${patient.id}","kitCode":"${kit.code}","consentVersion":"2026-03"}' | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')
  curl -s -H "Authorization: Bearer $TOKEN" ${gateway}/fr/homekit/test-kits/$KIT

In a browser: ${gateway}/docs (operations), ${gateway}/docs/events (events), ${gateway}/mailbox (what was sent).
Ctrl-C stops everything.
`;
}
