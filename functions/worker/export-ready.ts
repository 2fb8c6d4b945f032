import { randomUUIDv7 } from 'node:crypto';

import type * as z from 'zod';

import { type EmailContent, EmailRequested } from '../../schemas/events/jobs.v1.ts';
import { outgoing, type OutgoingEvent } from '../../shared/db/outbox.ts';
import { listPatientRecipients } from '../../shared/db/recipients.ts';
import type { Language } from '../../shared/domain/notification.ts';
import { fill, longDate } from '../../shared/notify/template.ts';
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

/** Whoever reads it over a shoulder learns nothing but that it was asked for. */
const words: Readonly<Record<Language, { readonly subject: string; readonly text: string }>> = {
  fr: {
    subject: 'Vos données sont prêtes',
    text: "Bonjour,\n\nl'archive que vous avez demandée est prête. Vous pouvez la télécharger dans votre compte jusqu'au {until}.\n\nSi vous n'avez rien demandé, changez votre mot de passe et écrivez-nous.\n\nCareflow\n",
  },
  de: {
    subject: 'Ihre Daten liegen bereit',
    text: 'Guten Tag,\n\ndas Archiv, um das Sie gebeten haben, liegt bereit. Sie können es in Ihrem Konto bis {until} herunterladen.\n\nWenn Sie um nichts gebeten haben, ändern Sie Ihr Passwort und schreiben Sie uns.\n\nCareflow\n',
  },
  en: {
    subject: 'Your data is ready',
    text: 'Hello,\n\nthe archive you asked for is ready. You can download it in your account until {until}.\n\nIf you did not ask for it, change your password and write to us.\n\nCareflow\n',
  },
};
