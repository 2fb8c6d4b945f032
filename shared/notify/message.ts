import type { Language, NotificationKind, RecipientType, VisitKind } from '../domain/notification.ts';
import { writeCalendar } from './calendar.ts';
import type { Email } from './email.ts';
import { septetsOf, SMS_SEPTETS, toGsm7 } from './gsm7.ts';
import type { Push } from './push.ts';
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
export type News = VisitNews | PlainNews;

export type VisitNews = {
  readonly kind: VisitKind;
  /** More than one only where an SMS or a push message reminds of all the visits of a day. */
  readonly visits: readonly [Visit, ...Visit[]];
  /** Where the booking moved: its slot before. */
  readonly previousSlotStart?: Temporal.Instant;
  /** When it came to be. */
  readonly at: Temporal.Instant;
};

/** News of anything else says that it is there and where it can be read, and nothing of it. */
type PlainNews = {
  readonly kind: Exclude<NotificationKind, VisitKind>;
  /** The id of what it is about. */
  readonly reference: string;
  /** How long a critical result has waited. */
  readonly minutes?: number;
};

export type Reader = { readonly type: RecipientType; readonly language: Language; readonly address: string };

/** Whether there are words for such a reader: nobody reminds a practitioner. */
export function isWritten(kind: NotificationKind, reader: Reader): boolean {
  return findWording(kind, reader) !== undefined;
}

export function writeEmail(news: News, reader: Reader, from: string): Omit<Email, 'idempotencyKey'> {
  const wording = wordingFor(news.kind, reader);
  const values = valuesOf(news, reader.language);
  const attachments = 'visits' in news ? calendarsOf(news, wording, values, reader, from) : [];
  return {
    from,
    to: oneLine(reader.address),
    subject: fill(wording.subject, values),
    text: fill(wording.text, values),
    ...(attachments.length > 0 && { attachments }),
  };
}

/** One part in the GSM 7-bit alphabet, as long as the names are written in it. */
export function writeSms(news: News, reader: Reader): Omit<Sms, 'idempotencyKey'> {
  return { to: oneLine(reader.address), text: fitSms(shortWords(news, reader), valuesOf(news, reader.language)) };
}

/** The words of the SMS, in any alphabet. */
export function writePush(news: News, reader: Reader): Omit<Push, 'idempotencyKey'> {
  return { to: oneLine(reader.address), text: fill(shortWords(news, reader), valuesOf(news, reader.language)) };
}

function shortWords(news: News, reader: Reader): string {
  const { sms, smsOfSeveral = sms } = wordingFor(news.kind, reader);
  return 'visits' in news && news.visits.length > 1 ? smsOfSeveral : sms;
}

const calendarMethods: Readonly<Record<VisitKind, 'REQUEST' | 'CANCEL' | undefined>> = {
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

function valuesOf(news: News, language: Language): Values {
  if ('visits' in news) return valuesOfVisits(news, language);
  return { reference: news.reference, ...(news.minutes !== undefined && { minutes: String(news.minutes) }) };
}

function valuesOfVisits({ visits, previousSlotStart }: VisitNews, language: Language): Values {
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

function calendarsOf(news: VisitNews, { calendar }: Wording, values: Values, reader: Reader, from: string) {
  const method = calendarMethods[news.kind];
  if (method === undefined || calendar === undefined) return [];
  return [attachCalendar(method, news, fill(calendar, values), reader, from)];
}

function attachCalendar(method: 'REQUEST' | 'CANCEL', news: VisitNews, summary: string, reader: Reader, from: string) {
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
