import { z } from 'zod';

import type { Platform } from './platform-file.ts';

const Samples = z.object({
  fr: z.object({
    practitioners: z.tuple(
      [z.object({ id: z.string(), visitTypes: z.tuple([z.object({ id: z.string() })], z.unknown()) })],
      z.unknown(),
    ),
    patients: z.tuple(
      [
        z.object({
          id: z.string(),
          identifier: z.object({ authority: z.string(), value: z.string() }),
          birthDate: z.string(),
          sex: z.enum(['female', 'male', 'other', 'unknown']),
        }),
      ],
      z.unknown(),
    ),
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

  # A laboratory sends a potassium of theirs as HL7 v2 and is answered ACK; the patient reads it a moment later, and is told
  LIS=$(npm run --silent token -- --role system)
  printf '%s\\r' 'MSH|^~\\&|LIS|LAB|CAREFLOW|CAREFLOW|'$(date +%Y%m%d%H%M%S%z)'||ORU^R01^ORU_R01|WALK-'$(date +%s)'|P|2.5.1' \\
    'PID|1||${patient.identifier.value}^^^${patient.identifier.authority}^MR||||${patient.birthDate.replaceAll('-', '')}|${patient.sex === 'female' ? 'F' : 'M'}' \\
    'OBR|1||ORDER-'$(date +%s)'|24326-1^Electrolytes^LN|||'$(date +%Y%m%d%H%M%S%z)'|||||||||${practitioner.id}||||||'$(date +%Y%m%d%H%M%S%z)'||CH|F' \\
    'OBX|1|NM|2823-3^Potassium^LN||4.2|mmol/L|3.5-5.1|N|||F' |
    curl -s -X POST ${gateway}/fr/lab-results -H "Authorization: Bearer $LIS" -H 'Content-Type: application/hl7-v2' --data-binary @- | tr '\\r' '\\n'; sleep 3
  curl -s -H "Authorization: Bearer $TOKEN" ${gateway}/fr/patients/${patient.id}/results

  # What is kept of the patient, in one archive: an e-mail says when it is there, a moment later
  EXPORT=$(curl -s -X POST ${gateway}/fr/patients/${patient.id}/export -H "Authorization: Bearer $TOKEN" | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')
  curl -s -H "Authorization: Bearer $TOKEN" ${gateway}/fr/exports/$EXPORT/archive

In a browser: ${gateway}/docs (operations), ${gateway}/docs/events (events), ${gateway}/mailbox (what was sent).
Ctrl-C stops everything.
`;
}
