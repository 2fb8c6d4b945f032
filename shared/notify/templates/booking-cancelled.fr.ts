import type { Template } from '../template.ts';

export const bookingCancelledFr: Template = {
  patient: {
    subject: 'Rendez-vous annulé : {date} à {time}',
    text: `Bonjour,

Le rendez-vous est annulé.

Avec : {practitioner}
Date : {date}
Heure : {time} ({zone})
Lieu : {place}

Le fichier joint le retire de votre agenda. Pour en prendre un autre, ouvrez votre compte Careflow.

Référence : {reference}
`,
    sms: 'Rendez-vous annulé avec {practitioner} le {day} à {time}, {place}',
    calendar: 'Rendez-vous avec {practitioner}',
  },
  practitioner: {
    subject: 'Rendez-vous annulé : {date} à {time}',
    text: `Bonjour,

Le rendez-vous est annulé et son créneau est de nouveau libre.

Date : {date}
Heure : {time} ({zone})
Lieu : {place}

Le fichier joint le retire de votre agenda.

Référence : {reference}
`,
    sms: 'Rendez-vous annulé le {day} à {time}. Réf. {reference}',
    calendar: 'Rendez-vous',
  },
};
