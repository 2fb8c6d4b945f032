import type { Template } from '../template.ts';

export const consentWithdrawnFr: Template = {
  patient: {
    subject: 'Votre consentement est retiré',
    text: `Bonjour,

Votre consentement est retiré. Ce qui en dépendait s'arrête. Vous pouvez le redonner dans votre compte Careflow.
`,
    sms: "Careflow : votre consentement est retiré. Ce qui en dépendait s'arrête.",
  },
};
