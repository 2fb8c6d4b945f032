import type { Template } from '../template.ts';

export const bookingConfirmedFr: Template = {
  patient: {
    subject: 'Rendez-vous confirmé : {date} à {time}',
    text: `Bonjour,

Le rendez-vous est confirmé.

Avec : {practitioner}
Date : {date}
Heure : {time} ({zone})
Lieu : {place}

L'invitation jointe l'ajoute à votre agenda. Pour le déplacer ou l'annuler, ouvrez votre compte Careflow.

Référence : {reference}
`,
    sms: 'Rendez-vous confirmé avec {practitioner} le {day} à {time}, {place}',
    calendar: 'Rendez-vous avec {practitioner}',
  },
  practitioner: {
    subject: 'Nouveau rendez-vous : {date} à {time}',
    text: `Bonjour,

Un patient a pris rendez-vous.

Date : {date}
Heure : {time} ({zone})
Lieu : {place}

L'invitation jointe l'ajoute à votre agenda.

Référence : {reference}
`,
    sms: 'Nouveau rendez-vous le {day} à {time}. Réf. {reference}',
    calendar: 'Rendez-vous',
  },
};
