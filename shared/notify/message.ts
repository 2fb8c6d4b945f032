import type { Language, NotificationKind, RecipientType } from '../domain/notification.ts';
import { writeCalendar } from './calendar.ts';
import type { Email } from './email.ts';
import { septetsOf, SMS_SEPTETS, toGsm7 } from './gsm7.ts';
import type { Sms } from './sms.ts';
import { clockTime, fill, longDate, oneLine, shortDate, type Values, type Wording } from './template.ts';
import { templates } from './templates.ts';

/** What a message says of a visit, and all it may say. */
export type Visit = {
  readonly bookingId: string;
  readonly version: number;
  readonly slotStart: Temporal.Instant;
  readonly slotEnd: Temporal.Instant;
  readonly practitioner: { readonly name: string; readonly place: string; readonly timeZone: string };
};

/** What is to be told, whoever to. */
export type News = {
  readonly kind: NotificationKind;
  /** More than one only where an SMS reminds of all the visits of a day. */
  readonly visits: readonly [Visit, ...Visit[]];
  /** Where the booking moved: its slot before. */
  readonly previousSlotStart?: Temporal.Instant;
  /** When it came to be. */
  readonly at: Temporal.Instant;
};

export type Reader = { readonly type: RecipientType; readonly language: Language; readonly address: string };

/** Whether there are words for such a reader: nobody reminds a practitioner. */
export function isWritten(kind: NotificationKind, reader: Reader): boolean {
  return findWording(kind, reader) !== undefined;
}

export function writeEmail(news: News, reader: Reader, from: string): Omit<Email, 'idempotencyKey'> {
  const wording = wordingFor(news.kind, reader);
  const values = valuesOf(news, reader.language);
  const calendar = calendarMethods[news.kind];
  return {
    from,
    to: oneLine(reader.address),
    subject: fill(wording.subject, values),
    text: fill(wording.text, values),
    ...(calendar && { attachments: [attachCalendar(calendar, news, fill(wording.calendar, values), reader, from)] }),
  };
}

/** One part in the GSM 7-bit alphabet, as long as the names are written in it. */
export function writeSms(news: News, reader: Reader): Omit<Sms, 'idempotencyKey'> {
  const { sms, smsOfSeveral = sms } = wordingFor(news.kind, reader);
  const template = news.visits.length > 1 ? smsOfSeveral : sms;
  return { to: oneLine(reader.address), text: fitSms(template, valuesOf(news, reader.language)) };
}

const calendarMethods: Readonly<Record<NotificationKind, 'REQUEST' | 'CANCEL' | undefined>> = {
  'booking-confirmed': 'REQUEST',
  'booking-rescheduled': 'REQUEST',
  'booking-cancelled': 'CANCEL',
  'booking-reminder': undefined,
};

function wordingFor(kind: NotificationKind, reader: Reader): Wording {
  const wording = findWording(kind, reader);
  if (!wording) throw new TypeError(`${kind} has no words for a ${reader.type}`);
  return wording;
}

function findWording(kind: NotificationKind, { type, language }: Reader): Wording | undefined {
  const { patient, practitioner } = templates[kind][language];
  return type === 'practitioner' ? practitioner : patient;
}

function valuesOf({ visits, previousSlotStart }: News, language: Language): Values {
  const [{ bookingId, slotStart, practitioner }] = visits;
  const start = slotStart.toZonedDateTimeISO(practitioner.timeZone);
  const previous = previousSlotStart?.toZonedDateTimeISO(practitioner.timeZone);
  return {
    practitioner: practitioner.name,
    place: practitioner.place,
    date: longDate(start, language),
    day: shortDate(start, language),
    time: clockTime(start, language),
    zone: practitioner.timeZone,
    reference: bookingId,
    visits: visits.map((visit) => nameVisit(visit, language)).join(', '),
    ...(previous && { previousDate: longDate(previous, language), previousTime: clockTime(previous, language) }),
  };
}

function nameVisit({ slotStart, practitioner }: Visit, language: Language): string {
  return `${clockTime(slotStart.toZonedDateTimeISO(practitioner.timeZone), language)} ${practitioner.name}`;
}

function attachCalendar(method: 'REQUEST' | 'CANCEL', news: News, summary: string, reader: Reader, from: string) {
  const [{ bookingId, version, slotStart, slotEnd, practitioner }] = news.visits;
  const content = writeCalendar({
    method,
    uid: `${bookingId}@careflow`,
    sequence: version - 1,
    stampedAt: news.at,
    start: slotStart,
    end: slotEnd,
    summary,
    location: oneLine(practitioner.place),
    organizerAddress: bareAddress(from),
    attendeeAddress: oneLine(reader.address),
  });
  return { filename: 'appointment.ics', contentType: `text/calendar; charset=utf-8; method=${method}`, content };
}

/** `Careflow <no-reply@example.org>` is a mailbox with a display name (RFC 5322, 3.4). */
function bareAddress(mailbox: string): string {
  return /<([^<>]+)>/.exec(mailbox)?.[1] ?? mailbox;
}

/** What is cut, in this order, from a text that would take a second part. */
const SHORTENED = ['place', 'practitioner', 'visits'] as const;

function fitSms(template: string, values: Values): string {
  let text = toGsm7(fill(template, values));
  let fitted = values;
  for (const name of SHORTENED) {
    const excess = septetsOf(text) - SMS_SEPTETS;
    if (excess <= 0) break;
    fitted = { ...fitted, [name]: shorten(toGsm7(oneLine(fitted[name] ?? '')), excess) };
    text = toGsm7(fill(template, fitted));
  }
  return text;
}

function shorten(text: string, excess: number): string {
  const letters = Array.from(text);
  const kept = Math.max(letters.length - excess - 3, 0);
  return letters.length <= 3 ? text : `${letters.slice(0, kept).join('').trimEnd()}...`;
}
