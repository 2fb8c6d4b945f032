import { describe, expect, it } from 'vitest';

import { isVisitKind, languages, notificationKinds } from '../../../shared/domain/notification.ts';
import { isGsm7, septetsOf, SMS_SEPTETS } from '../../../shared/notify/gsm7.ts';
import { isWritten, type Reader, writeEmail, writePush, writeSms } from '../../../shared/notify/message.ts';
import { named, newsOf, sampleNews, sampleVisit } from './sample-news.ts';

const from = 'Careflow <no-reply@careflow.example>';

const readers = (['patient', 'proxy', 'practitioner'] as const).flatMap((type) =>
  languages.map((language): Reader => ({ type, language, address: 'someone@example.org' })),
);

const everyMessage = notificationKinds.flatMap((kind) =>
  readers
    .filter((reader) => isWritten(kind, reader))
    .map((reader) => [`${kind} for a ${reader.type} in ${reader.language}`, kind, reader] as const),
);

it.each(everyMessage)('%s has every word and no blank', (_, kind, reader) => {
  const { subject, text } = writeEmail(newsOf(kind), reader, from);
  const short = [writeSms(newsOf(kind), reader).text, writePush(newsOf(kind), reader).text];
  for (const written of [subject, text, ...short]) {
    expect(written).not.toMatch(/[{}]|undefined/);
    expect(written.trim().length).toBeGreaterThan(15);
  }
  expect(subject + short.join('')).not.toContain('\n');
});

const ofVisits = everyMessage.filter(([, kind]) => isVisitKind(kind));

it.each(ofVisits)('%s says when', (_, kind, reader) => {
  const { subject, text, attachments = [] } = writeEmail(newsOf(kind), reader, from);
  for (const written of [subject, text, writeSms(newsOf(kind), reader).text]) expect(written).toContain('10:00');
  expect(text).toMatch(/2030/);
  expect(attachments).toHaveLength(kind === 'booking-reminder' ? 0 : 1);
});

it('is written in every language for each reader that it has in one', () => {
  for (const kind of notificationKinds) {
    const written = readers
      .filter((reader) => isWritten(kind, reader))
      .map(({ type, language }) => ({ type, language }));
    const types = new Set(written.map(({ type }) => type));
    expect(types.size).toBeGreaterThan(0);
    expect(written).toHaveLength(types.size * languages.length);
  }
});

it('alerts practitioners alone of critical results, and says for how long nobody has acknowledged one', () => {
  const reader: Reader = { type: 'practitioner', language: 'de', address: '+4930000000' };
  expect(isWritten('critical-result-raised', { ...reader, type: 'patient' })).toBe(false);
  expect(writeSms(newsOf('critical-result-escalated'), reader).text).toBe(
    'DRINGEND Careflow: kritischer Befund seit 15 min unbestätigt. Jetzt handeln. Ref. 018f3a5e-0000-7000-8000-000000000001',
  );
});

it.each(everyMessage)('%s fits one SMS, even with the longest names', (_, kind, reader) => {
  const practitioner = named(
    'Marie-Françoise Éléonore de la Rochefoucauld-Montmorency von Württemberg zu Hohenzollern',
    '123456 boulevard du Général-de-Gaulle, résidence Les Cèdres, bâtiment C, Saint-Germain-en-Laye',
  );
  const { text } = writeSms(newsOf(kind, { practitioner }), reader);
  expect(isGsm7(text)).toBe(true);
  expect(septetsOf(text)).toBeLessThanOrEqual(SMS_SEPTETS);
});

it('writes dates in the language of the reader and on the clock of the practitioner', () => {
  const practitioner = { ...sampleVisit.practitioner, timeZone: 'America/Martinique' };
  const subjects = languages.map(
    (language) =>
      writeEmail(
        sampleNews('booking-confirmed', { practitioner }),
        { type: 'patient', language, address: 'a@b.example' },
        from,
      ).subject,
  );
  expect(subjects).toEqual([
    'Rendez-vous confirmé : lundi 4 mars 2030 à 05:00',
    'Termin bestätigt: Montag, 4. März 2030, 05:00 Uhr',
    'Appointment confirmed: Monday, 4 March 2030 at 05:00',
  ]);
});

it('says the former time of a visit that moved', () => {
  const reader: Reader = { type: 'patient', language: 'en', address: 'a@b.example' };
  const { text } = writeEmail(sampleNews('booking-rescheduled'), reader, from);
  expect(text).toContain('The appointment of Friday, 1 March 2030 at 14:00 has moved.');
});

it('names several visits of a day in one SMS', () => {
  const [first] = sampleNews('booking-reminder').visits;
  const second = { ...first, slotStart: first.slotStart.add({ hours: 5 }), practitioner: named('Max Weiß') };
  const news = { ...sampleNews('booking-reminder'), visits: [first, second] as const };
  const { text } = writeSms(news, { type: 'patient', language: 'fr', address: '+33600000000' });
  expect(text).toBe('Rappel : rendez-vous le lun. 4 mars : 10:00 Jeanne Lefèvre, 15:00 Max Weiß');
});

describe('names that try to be more than names', () => {
  const hostile = named('Eve\r\nBcc: all@example.org\r\n\r\nHi', 'Here\u2028BEGIN:VALARM\nATTACH:file');
  const reader: Reader = { type: 'patient', language: 'en', address: 'a@b.example\r\nBcc: c@d.example' };

  it('begin no line of a subject, a text, an SMS or an address', () => {
    const email = writeEmail(sampleNews('booking-confirmed', { practitioner: hostile }), reader, from);
    const sms = writeSms(sampleNews('booking-confirmed', { practitioner: hostile }), reader);
    expect(email.subject + email.to + sms.to + sms.text).not.toMatch(/[\r\n\u2028]/);
    expect(email.text).toContain('With: Eve Bcc: all@example.org Hi\n');
  });

  it('begin no property of a calendar', () => {
    const { attachments: [calendar] = [] } = writeEmail(
      sampleNews('booking-confirmed', { practitioner: hostile }),
      reader,
      from,
    );
    expect(calendar?.content).not.toMatch(/^(BEGIN:VALARM|ATTACH|Bcc)/im);
  });
});

it('tells the practitioner and an SMS nothing but practitioner, place, time and reference', () => {
  const reader: Reader = { type: 'practitioner', language: 'en', address: 'doc@example.org' };
  expect(writeEmail(sampleNews('booking-confirmed'), reader, from).text).toBe(`Hello,

An appointment was booked.

Date: Monday, 4 March 2030
Time: 10:00 (Europe/Paris)
Place: 12 rue des Lilas, Lyon

The attached invitation adds it to your calendar.

Reference: 018f3a5e-0000-7000-8000-000000000001
`);
});
