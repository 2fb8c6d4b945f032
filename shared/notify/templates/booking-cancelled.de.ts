import type { Template } from '../template.ts';

export const bookingCancelledDe: Template = {
  patient: {
    subject: 'Termin abgesagt: {date}, {time} Uhr',
    text: `Guten Tag,

der Termin ist abgesagt.

Bei: {practitioner}
Datum: {date}
Uhrzeit: {time} Uhr ({zone})
Ort: {place}

Die beigefügte Datei entfernt ihn aus Ihrem Kalender. Einen neuen Termin finden Sie in Ihrem Careflow-Konto.

Referenz: {reference}
`,
    sms: 'Termin abgesagt bei {practitioner} am {day} um {time}, {place}',
    calendar: 'Termin bei {practitioner}',
  },
  practitioner: {
    subject: 'Termin abgesagt: {date}, {time} Uhr',
    text: `Guten Tag,

der Termin ist abgesagt, seine Zeit ist wieder frei.

Datum: {date}
Uhrzeit: {time} Uhr ({zone})
Ort: {place}

Die beigefügte Datei entfernt ihn aus Ihrem Kalender.

Referenz: {reference}
`,
    sms: 'Termin abgesagt am {day} um {time}. Ref. {reference}',
    calendar: 'Termin',
  },
};
