import type { Template } from '../template.ts';

export const resultCorrectedFr: Template = {
  patient: {
    subject: 'Un résultat a été corrigé',
    text: `Bonjour,

Un résultat que vous pouviez lire a été corrigé. Ouvrez votre compte Careflow pour voir ce qui a changé.

Ce message n'en dit pas plus, pour votre confidentialité.
`,
    sms: 'Careflow : un résultat a été corrigé. Pour voir ce qui a changé, ouvrez votre compte.',
  },
};
