import type { Logger } from 'pino';

import { EmailRequested, SmsRequested } from '../../schemas/events/jobs.v1.ts';
import { claimJob, type JobEnd, recordJob } from '../../shared/db/job-runs.ts';
import { listPatientRecipients } from '../../shared/db/recipients.ts';
import { markSuppressed } from '../../shared/db/suppressed-addresses.ts';
import type { Language, Recipient } from '../../shared/domain/notification.ts';
import { AppError } from '../../shared/errors.ts';
import { type Attempt, attempt } from '../../shared/notify/attempt.ts';
import type { Deps } from './deps.ts';
import type { Erasure } from './retain-rows.ts';

type Way = { readonly channel: 'email' | 'sms'; readonly to: string; readonly words: Words };

/**
 * Tells a patient, or those who act for them, that they are being erased, while they can still be reached: whoever did not ask
 * for it has to know. Each is told once, after a crash at most once more. What a provider refuses for good holds up no erasure;
 * throws `unavailable` for what it may take later.
 * @returns how many there were to tell.
 */
export async function sendLastMessage(
  deps: Deps,
  { id, patientId }: Pick<Erasure, 'id' | 'patientId'>,
  log: Logger,
): Promise<number> {
  const found = await listPatientRecipients(deps.patients, patientId, deps.now());
  const recipients = await markSuppressed(deps.contexts.notification, found);
  let told = 0;
  for (const recipient of recipients) {
    const way = wayTo(recipient);
    if (way) await sendOnce(deps, way, { patientId, idempotencyKey: `erased:${id}:${recipient.id}` }, log);
    if (way) told += 1;
  }
  return told;
}

/** At any hour, so by e-mail where there is one: there is no morning to wait for. */
function wayTo({ type, language, addresses, suppressed }: Recipient): Way | undefined {
  const channel = (['email', 'sms'] as const).find((each) => addresses[each] && !suppressed.includes(each));
  const to = channel && addresses[channel];
  const { [language]: words } = type === 'patient' ? wordsToPatient : wordsToProxy;
  return channel && to !== undefined ? { channel, to, words } : undefined;
}

type Key = { readonly patientId: string; readonly idempotencyKey: string };

/** Kept as a job of its own, so that it is known whether it was sent when the erasure is tried again. */
async function sendOnce(deps: Deps, way: Way, { patientId, idempotencyKey }: Key, log: Logger): Promise<void> {
  const { db, now } = deps;
  const { type, policy } = way.channel === 'email' ? EmailRequested : SmsRequested;
  const lease = { now: now(), leaseSeconds: policy.leaseSeconds };
  const deadline = lease.now.add({ minutes: policy.withinMinutes });
  const claim = await claimJob(db, { type, idempotencyKey, patientId, deadline }, lease);
  if (!claim) return;
  if (claim.mayRepeat) log.warn({ jobType: type }, 'sending again what may have been sent before a crash');
  const outcome = await attempt(() => send(deps, way, idempotencyKey));
  await recordJob(db, claim, endOf(outcome), now());
  if (outcome.status === 'failed') throw untold(outcome.error);
  if (outcome.status === 'refused') log.warn({ jobType: type, err: outcome.error }, 'a message was not taken');
}

function send({ sendEmail, sendSms, emailFrom: from }: Deps, { channel, to, words }: Way, idempotencyKey: string) {
  const { subject, text, sms } = words;
  return channel === 'email'
    ? sendEmail({ from, to, subject, text, idempotencyKey })
    : sendSms({ to, text: sms, idempotencyKey });
}

function endOf(outcome: Attempt): JobEnd {
  return outcome.status === 'sent'
    ? { state: 'done', providerMessageId: outcome.providerMessageId }
    : { state: outcome.status, reason: outcome.errorCode };
}

function untold(cause: unknown): AppError {
  return new AppError('unavailable', 'Nobody could be told of the erasure.', { reason: 'last-message' }, { cause });
}

type Words = { readonly subject: string; readonly text: string; readonly sms: string };

const wordsToPatient: Readonly<Record<Language, Words>> = {
  fr: {
    subject: 'Votre compte Careflow est effacé',
    text: "Bonjour,\n\nvotre compte Careflow et vos données sont en cours d'effacement, comme cela nous a été demandé. Vos rendez-vous à venir sont annulés. Ce que la loi nous oblige à garder est mis à part et scellé. Ceci est notre dernier message.\n\nSi vous n'avez rien demandé, écrivez-nous sans attendre.\n\nCareflow\n",
    sms: "Careflow : votre compte est en cours d'effacement, vos rendez-vous sont annulés. Si vous n'avez rien demandé, écrivez-nous sans attendre.",
  },
  de: {
    subject: 'Ihr Careflow-Konto wird gelöscht',
    text: 'Guten Tag,\n\nIhr Careflow-Konto und Ihre Daten werden gelöscht, wie es verlangt wurde. Ihre kommenden Termine sind abgesagt. Was wir von Gesetzes wegen aufbewahren müssen, liegt getrennt und versiegelt. Dies ist unsere letzte Nachricht.\n\nWenn Sie um nichts gebeten haben, schreiben Sie uns sofort.\n\nCareflow\n',
    sms: 'Careflow: Ihr Konto wird gelöscht, Ihre Termine sind abgesagt. Wenn Sie um nichts gebeten haben, schreiben Sie uns sofort.',
  },
  en: {
    subject: 'Your Careflow account is being erased',
    text: 'Hello,\n\nyour Careflow account and your data are being erased, as we were asked to do. Your visits to come are cancelled. What the law has us keep is put apart and sealed. This is our last message.\n\nIf you did not ask for it, write to us at once.\n\nCareflow\n',
    sms: 'Careflow: your account is being erased, your visits are cancelled. If you did not ask for it, write to us at once.',
  },
};

/** Their own account stays; whose is erased is not said to whoever else may read their messages. */
const wordsToProxy: Readonly<Record<Language, Words>> = {
  fr: {
    subject: 'Un compte Careflow dont vous vous occupez est effacé',
    text: "Bonjour,\n\nun compte Careflow dont vous vous occupez et ses données sont en cours d'effacement, comme cela nous a été demandé. Ses rendez-vous à venir sont annulés. Ce que la loi nous oblige à garder est mis à part et scellé. Ceci est notre dernier message au sujet de ce compte ; le vôtre reste ouvert.\n\nSi vous n'avez rien demandé, écrivez-nous sans attendre.\n\nCareflow\n",
    sms: "Careflow : un compte dont vous vous occupez est en cours d'effacement, ses rendez-vous sont annulés. Si vous n'avez rien demandé, écrivez-nous vite.",
  },
  de: {
    subject: 'Ein Careflow-Konto, um das Sie sich kümmern, wird gelöscht',
    text: 'Guten Tag,\n\nein Careflow-Konto, um das Sie sich kümmern, und seine Daten werden gelöscht, wie es verlangt wurde. Die kommenden Termine sind abgesagt. Was wir von Gesetzes wegen aufbewahren müssen, liegt getrennt und versiegelt. Dies ist unsere letzte Nachricht zu diesem Konto; Ihr eigenes bleibt bestehen.\n\nWenn Sie um nichts gebeten haben, schreiben Sie uns sofort.\n\nCareflow\n',
    sms: 'Careflow: Ein Konto, um das Sie sich kümmern, wird gelöscht, seine Termine sind abgesagt. Wenn Sie um nichts gebeten haben, schreiben Sie uns sofort.',
  },
  en: {
    subject: 'A Careflow account that you look after is being erased',
    text: 'Hello,\n\na Careflow account that you look after and its data are being erased, as we were asked to do. Its visits to come are cancelled. What the law has us keep is put apart and sealed. This is our last message about that account; your own stays.\n\nIf you did not ask for it, write to us at once.\n\nCareflow\n',
    sms: 'Careflow: an account that you look after is being erased, its visits are cancelled. If you did not ask for it, write to us at once.',
  },
};
