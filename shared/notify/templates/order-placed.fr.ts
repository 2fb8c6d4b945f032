import type { Template } from '../template.ts';

export const orderPlacedFr: Template = {
  patient: {
    subject: 'Votre commande est enregistrée',
    text: `Bonjour,

Nous avons bien reçu votre commande. Son avancement est dans votre compte Careflow.

Référence : {reference}
`,
    sms: 'Careflow : votre commande est enregistrée. Réf. {reference}',
  },
};
