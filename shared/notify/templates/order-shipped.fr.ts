import type { Template } from '../template.ts';

export const orderShippedFr: Template = {
  patient: {
    subject: 'Votre commande est en route',
    text: `Bonjour,

Votre commande a été expédiée et arrive dans les prochains jours.

Référence : {reference}
`,
    sms: 'Careflow : votre commande est en route. Réf. {reference}',
  },
};
