import type { Template } from '../template.ts';

export const testKitRegisteredFr: Template = {
  patient: {
    subject: 'Votre kit est enregistré',
    text: `Bonjour,

Votre kit est enregistré. La suite, du prélèvement à l'envoi, est décrite dans votre compte Careflow.
`,
    sms: 'Careflow : votre kit est enregistré. La suite est décrite dans votre compte.',
  },
};
