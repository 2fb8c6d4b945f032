import type { Template } from '../template.ts';

export const deviceAuthorizedFr: Template = {
  patient: {
    subject: "L'accès à un appareil a été accordé",
    text: `Bonjour,

L'accès à un appareil a été accordé. Votre compte Careflow montre qui peut l'utiliser et permet de le retirer.
`,
    sms: "Careflow : l'accès à un appareil a été accordé. Les détails sont dans votre compte.",
  },
};
