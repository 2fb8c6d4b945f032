import type { Template } from '../template.ts';

export const deviceRegisteredFr: Template = {
  patient: {
    subject: 'Votre appareil est enregistré',
    text: `Bonjour,

Votre appareil est enregistré : il peut maintenant être utilisé avec votre compte Careflow.
`,
    sms: 'Careflow : votre appareil est enregistré.',
  },
};
