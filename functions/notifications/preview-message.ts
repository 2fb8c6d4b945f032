import type { previewMessage as contract } from '../../schemas/api/notifications.ts';
import { isVisitKind, type NotificationKind } from '../../shared/domain/notification.ts';
import { AppError } from '../../shared/errors.ts';
import { isWritten, type News, type Reader, writeEmail, writePush, writeSms } from '../../shared/notify/message.ts';
import type { Operation } from '../../shared/runtime/function.ts';

/** `GET /{country}/notifications/preview`: a message as it would be written, for a made-up visit, result or order. */
export function previewMessage({ emailFrom }: { readonly emailFrom: string }): Operation<typeof contract> {
  return async ({ kind, language, channel, recipient }) => {
    const news = madeUp(kind);
    const reader: Reader = { type: recipient, language, address: 'someone@example.org' };
    if (!isWritten(kind, reader)) throw new AppError('not-found', `A ${recipient} is not sent this message.`);
    if (channel === 'email') return { body: emailOf(news, reader, emailFrom) };
    const { text } = channel === 'sms' ? writeSms(news, reader) : writePush(news, reader);
    return { body: { text } };
  };
}

function emailOf(news: News, reader: Reader, from: string) {
  const { subject, text, attachments: [calendar] = [] } = writeEmail(news, reader, from);
  return { subject, text, ...(calendar && { calendar: calendar.content }) };
}

const REFERENCE = '00000000-0000-4000-8000-000000000000';

const visit = {
  bookingId: REFERENCE,
  version: 1,
  slotStart: Temporal.Instant.from('2030-03-04T09:00:00Z'),
  slotEnd: Temporal.Instant.from('2030-03-04T09:30:00Z'),
  practitioner: { name: 'Camille Exemple', place: '1 rue de la Paix, Paris', timeZone: 'Europe/Paris' },
};

function madeUp(kind: NotificationKind): News {
  if (!isVisitKind(kind)) return { kind, reference: REFERENCE, minutes: 15 };
  const previousSlotStart = Temporal.Instant.from('2030-03-01T13:00:00Z');
  return { kind, visits: [visit], previousSlotStart, at: Temporal.Instant.from('2030-02-01T08:00:00Z') };
}
