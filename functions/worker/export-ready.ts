import { randomUUIDv7 } from 'node:crypto';

import type * as z from 'zod';

import { type EmailContent, EmailRequested } from '../../schemas/events/jobs.v1.ts';
import { outgoing, type OutgoingEvent } from '../../shared/db/outbox.ts';
import { listPatientRecipients } from '../../shared/db/recipients.ts';
import type { Language } from '../../shared/domain/notification.ts';
import { fill, longDate, type Wording } from '../../shared/notify/template.ts';
import { exportReadyDe } from '../../shared/notify/templates/export-ready.de.ts';
import { exportReadyEn } from '../../shared/notify/templates/export-ready.en.ts';
import { exportReadyFr } from '../../shared/notify/templates/export-ready.fr.ts';
import type { Deps } from './deps.ts';

type Ready = { readonly id: string; readonly patientId: string; readonly expiresAt: Temporal.Instant };

/** The job that writes to the patient, or to those who act for them, that an archive can be downloaded; to each their own. */
export async function exportReady(
  deps: Pick<Deps, 'patients' | 'seals' | 'now'>,
  { id, patientId, expiresAt }: Ready,
  traceparent: string,
): Promise<OutgoingEvent[]> {
  const now = deps.now();
  const recipients = await listPatientRecipients(deps.patients, patientId, now);
  const jobs = recipients.map(async ({ id: recipientId, language, addresses: { email: to } }) => {
    if (to === undefined) return [];
    const sealed = await deps.seals.sealFor(deps.patients, patientId, write(to, language, expiresAt));
    const deadline = now.add({ minutes: EmailRequested.policy.withinMinutes }).toString();
    return outgoing(
      { ...EmailRequested, source: '/careflow/worker' },
      {
        id: randomUUIDv7(),
        subject: id,
        partitionKey: patientId,
        time: now,
        traceparent,
        data: { idempotencyKey: `export-ready:${id}:${recipientId}`, deadline, patientId, sealed },
      },
    );
  });
  return (await Promise.all(jobs)).flat();
}

function write(to: string, language: Language, expiresAt: Temporal.Instant): z.infer<typeof EmailContent> {
  const { subject, text } = words[language];
  const until = longDate(expiresAt.toZonedDateTimeISO('UTC'), language);
  return { to, subject, text: fill(text, { until }) };
}

const words: Readonly<Record<Language, Pick<Wording, 'subject' | 'text'>>> = {
  fr: exportReadyFr,
  de: exportReadyDe,
  en: exportReadyEn,
};
