import type { Template } from '../template.ts';

export const orderCancelledFr: Template = {
  patient: {
    subject: 'Votre commande est annulée',
    text: `Bonjour,

Votre commande est annulée. Si ce n'était pas votre intention, passez-en une nouvelle dans votre compte Careflow.

Référence : {reference}
`,
    sms: 'Careflow : votre commande est annulée. Réf. {reference}',
  },
};
