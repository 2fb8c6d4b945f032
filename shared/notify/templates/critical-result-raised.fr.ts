import type { Template } from '../template.ts';

export const criticalResultRaisedFr: Template = {
  practitioner: {
    subject: 'Résultat critique : à lire maintenant',
    text: `Bonjour,

Un résultat critique vous attend. Ouvrez-le maintenant dans Careflow et accusez-en réception : sans accusé, l'alerte est renouvelée et transmise à qui vous remplace.

Référence : {reference}
`,
    sms: 'URGENT Careflow : un résultat critique vous attend. Accusez-en réception maintenant. Réf. {reference}',
  },
};
