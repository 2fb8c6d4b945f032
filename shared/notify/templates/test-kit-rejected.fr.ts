import type { Template } from '../template.ts';

export const testKitRejectedFr: Template = {
  patient: {
    subject: 'Votre kit ne peut pas être utilisé',
    text: `Bonjour,

Un kit n'a pas pu être enregistré ou utilisé. La raison, et comment le remplacer, sont dans votre compte Careflow.
`,
    sms: 'Careflow : votre kit ne peut pas être utilisé. La raison est dans votre compte.',
  },
};
