import type { Template } from '../template.ts';

export const bookingReminderDe: Template = {
  patient: {
    subject: 'Erinnerung: Termin {date}, {time} Uhr',
    text: `Guten Tag,

wir erinnern Sie an den kommenden Termin.

Bei: {practitioner}
Datum: {date}
Uhrzeit: {time} Uhr ({zone})
Ort: {place}

Wenn Sie nicht kommen können, verschieben Sie ihn oder sagen Sie ihn in Ihrem Careflow-Konto ab: Jemand anderem ist damit geholfen.

Referenz: {reference}
`,
    sms: 'Erinnerung: Termin bei {practitioner} am {day} um {time}, {place}',
    smsOfSeveral: 'Erinnerung: Termine am {day}: {visits}',
    calendar: 'Termin bei {practitioner}',
  },
};
