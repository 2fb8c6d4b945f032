import type { Template } from '../template.ts';

export const consentGivenFr: Template = {
  patient: {
    subject: 'Votre consentement est enregistré',
    text: `Bonjour,

Votre consentement est enregistré. Vous pouvez le lire et le retirer à tout moment dans votre compte Careflow.
`,
    sms: 'Careflow : votre consentement est enregistré. Vous pouvez le retirer à tout moment.',
  },
};
