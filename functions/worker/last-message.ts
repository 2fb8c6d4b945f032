import type { Logger } from 'pino';

import { EmailRequested, SmsRequested } from '../../schemas/events/jobs.v1.ts';
import { claimJob, type JobEnd, recordJob } from '../../shared/db/job-runs.ts';
import { listPatientRecipients } from '../../shared/db/recipients.ts';
import { markSuppressed } from '../../shared/db/suppressed-addresses.ts';
import type { Language, Recipient } from '../../shared/domain/notification.ts';
import { AppError } from '../../shared/errors.ts';
import { type Attempt, attempt } from '../../shared/notify/attempt.ts';
import type { Wording } from '../../shared/notify/template.ts';
import { accountErasedDe } from '../../shared/notify/templates/account-erased.de.ts';
import { accountErasedEn } from '../../shared/notify/templates/account-erased.en.ts';
import { accountErasedFr } from '../../shared/notify/templates/account-erased.fr.ts';
import { accountErasedProxyDe } from '../../shared/notify/templates/account-erased-proxy.de.ts';
import { accountErasedProxyEn } from '../../shared/notify/templates/account-erased-proxy.en.ts';
import { accountErasedProxyFr } from '../../shared/notify/templates/account-erased-proxy.fr.ts';
import type { Deps } from './deps.ts';
import type { Erasure } from './retain-rows.ts';

type Way = { readonly channel: 'email' | 'sms'; readonly to: string; readonly words: Wording };

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

const wordsToPatient: Readonly<Record<Language, Wording>> = {
  fr: accountErasedFr,
  de: accountErasedDe,
  en: accountErasedEn,
};

const wordsToProxy: Readonly<Record<Language, Wording>> = {
  fr: accountErasedProxyFr,
  de: accountErasedProxyDe,
  en: accountErasedProxyEn,
};
