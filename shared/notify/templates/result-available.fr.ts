import type { Template } from '../template.ts';

export const resultAvailableFr: Template = {
  patient: {
    subject: 'Un nouveau résultat est disponible',
    text: `Bonjour,

Un nouveau résultat est disponible. Pour le lire, ouvrez votre compte Careflow.

Ce message n'en dit pas plus, pour votre confidentialité.
`,
    sms: 'Careflow : un nouveau résultat est disponible. Pour le lire, ouvrez votre compte.',
  },
};
