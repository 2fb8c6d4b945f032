import type { Template } from '../template.ts';

export const bookingRescheduledDe: Template = {
  patient: {
    subject: 'Termin verschoben: {date}, {time} Uhr',
    text: `Guten Tag,

der Termin vom {previousDate}, {previousTime} Uhr, ist verschoben.

Bei: {practitioner}
Neues Datum: {date}
Uhrzeit: {time} Uhr ({zone})
Ort: {place}

Die beigefügte Einladung aktualisiert Ihren Kalender. Erneut verschieben oder absagen können Sie ihn in Ihrem Careflow-Konto.

Referenz: {reference}
`,
    sms: 'Termin bei {practitioner} verschoben auf {day}, {time}, {place}',
    calendar: 'Termin bei {practitioner}',
  },
  practitioner: {
    subject: 'Termin verschoben: {date}, {time} Uhr',
    text: `Guten Tag,

der Termin vom {previousDate}, {previousTime} Uhr, ist verschoben.

Neues Datum: {date}
Uhrzeit: {time} Uhr ({zone})
Ort: {place}

Die beigefügte Einladung aktualisiert Ihren Kalender.

Referenz: {reference}
`,
    sms: 'Termin verschoben auf {day}, {time}. Ref. {reference}',
    calendar: 'Termin',
  },
};
