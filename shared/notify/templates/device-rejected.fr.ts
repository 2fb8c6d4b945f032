import type { Template } from '../template.ts';

export const deviceRejectedFr: Template = {
  patient: {
    subject: "Votre appareil n'a pas pu être enregistré",
    text: `Bonjour,

L'enregistrement d'un appareil n'a pas abouti. La raison, et comment recommencer, sont dans votre compte Careflow.
`,
    sms: "Careflow : votre appareil n'a pas pu être enregistré. La raison est dans votre compte.",
  },
};
