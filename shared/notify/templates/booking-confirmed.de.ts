import type { Template } from '../template.ts';

export const bookingConfirmedDe: Template = {
  patient: {
    subject: 'Termin bestätigt: {date}, {time} Uhr',
    text: `Guten Tag,

der Termin ist bestätigt.

Bei: {practitioner}
Datum: {date}
Uhrzeit: {time} Uhr ({zone})
Ort: {place}

Die beigefügte Einladung trägt ihn in Ihren Kalender ein. Verschieben oder absagen können Sie ihn in Ihrem Careflow-Konto.

Referenz: {reference}
`,
    sms: 'Termin bestätigt bei {practitioner} am {day} um {time}, {place}',
    calendar: 'Termin bei {practitioner}',
  },
  practitioner: {
    subject: 'Neuer Termin: {date}, {time} Uhr',
    text: `Guten Tag,

ein Termin wurde gebucht.

Datum: {date}
Uhrzeit: {time} Uhr ({zone})
Ort: {place}

Die beigefügte Einladung trägt ihn in Ihren Kalender ein.

Referenz: {reference}
`,
    sms: 'Neuer Termin am {day} um {time}. Ref. {reference}',
    calendar: 'Termin',
  },
};
