import type { Template } from '../template.ts';

export const bookingReminderFr: Template = {
  patient: {
    subject: 'Rappel : rendez-vous {date} à {time}',
    text: `Bonjour,

Nous vous rappelons le rendez-vous à venir.

Avec : {practitioner}
Date : {date}
Heure : {time} ({zone})
Lieu : {place}

Si vous ne pouvez pas venir, déplacez-le ou annulez-le dans votre compte Careflow : un autre patient en profitera.

Référence : {reference}
`,
    sms: 'Rappel : rendez-vous avec {practitioner} le {day} à {time}, {place}',
    smsOfSeveral: 'Rappel : rendez-vous le {day} : {visits}',
    calendar: 'Rendez-vous avec {practitioner}',
  },
};
