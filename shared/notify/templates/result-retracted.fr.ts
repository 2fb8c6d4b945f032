import type { Template } from '../template.ts';

export const resultRetractedFr: Template = {
  patient: {
    subject: 'Un résultat a été retiré',
    text: `Bonjour,

Un résultat que vous pouviez lire avait été saisi par erreur et a été retiré. Ne vous y fiez plus. Pour toute question, adressez-vous à votre praticien.

Ce message n'en dit pas plus, pour votre confidentialité.
`,
    sms: 'Careflow : un résultat saisi par erreur a été retiré. Ne vous y fiez plus. Les détails sont dans votre compte.',
  },
};
