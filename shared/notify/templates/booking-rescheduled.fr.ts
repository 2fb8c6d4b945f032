import type { Template } from '../template.ts';

export const bookingRescheduledFr: Template = {
  patient: {
    subject: 'Rendez-vous déplacé : {date} à {time}',
    text: `Bonjour,

Le rendez-vous du {previousDate} à {previousTime} est déplacé.

Avec : {practitioner}
Nouvelle date : {date}
Heure : {time} ({zone})
Lieu : {place}

L'invitation jointe met votre agenda à jour. Pour le déplacer à nouveau ou l'annuler, ouvrez votre compte Careflow.

Référence : {reference}
`,
    sms: 'Rendez-vous avec {practitioner} déplacé au {day} à {time}, {place}',
    calendar: 'Rendez-vous avec {practitioner}',
  },
  practitioner: {
    subject: 'Rendez-vous déplacé : {date} à {time}',
    text: `Bonjour,

Le rendez-vous du {previousDate} à {previousTime} est déplacé.

Nouvelle date : {date}
Heure : {time} ({zone})
Lieu : {place}

L'invitation jointe met votre agenda à jour.

Référence : {reference}
`,
    sms: 'Rendez-vous déplacé au {day} à {time}. Réf. {reference}',
    calendar: 'Rendez-vous',
  },
};
