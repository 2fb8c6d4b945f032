import type { Template } from '../template.ts';

export const accountUpdatedFr: Template = {
  patient: {
    subject: 'Votre compte Careflow a changé',
    text: `Bonjour,

L'état de votre compte Careflow a changé. Si cela ne vient pas de vous, ouvrez votre compte et mettez fin aux sessions que vous ne reconnaissez pas.
`,
    sms: "Careflow : l'état de votre compte a changé. Si cela ne vient pas de vous, ouvrez-le.",
  },
};
